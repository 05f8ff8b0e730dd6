"""Replays waiting rules over histories: what each would have saved, and whom it would have hurt. Uses the core only."""
