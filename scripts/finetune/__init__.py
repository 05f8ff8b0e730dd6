"""The library behind the tuning scripts: read and check data, price it, tune, evaluate, tear down. `guard` knows nothing of it."""
