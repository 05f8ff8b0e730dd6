"""Vendor data in, core types out. Reads only: what changes something lives in guard.acts."""
