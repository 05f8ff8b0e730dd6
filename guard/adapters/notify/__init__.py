"""Telling people: channels by Apprise, and a plain JSON webhook that carries the notices' ids."""
