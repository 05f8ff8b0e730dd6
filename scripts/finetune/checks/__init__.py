"""The checks of a data set, a file a concern; `survey.py` runs them all in one pass."""
