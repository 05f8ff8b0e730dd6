"""What the guard asks of the outside world, as Protocols, one a file; errors.py draws the error tree."""
