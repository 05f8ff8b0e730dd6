"""Benchmarks, run by hand: `python -m benchmarks` runs every bench_*.py, `python -m benchmarks core` one of them."""
