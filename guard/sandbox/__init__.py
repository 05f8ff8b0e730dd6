"""The cloud in a box: speaks the wire protocols of what the guard talks to; shares no code with the guard."""
