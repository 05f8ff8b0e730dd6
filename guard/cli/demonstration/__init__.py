"""The parts of `tuneguard demo`: a made-up fleet, its people, the real guard stepped through it, and what is shown."""
