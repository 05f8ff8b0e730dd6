"""Scenario files: their shape, how they are read, and the world that they make."""
