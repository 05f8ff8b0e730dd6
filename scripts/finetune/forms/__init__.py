"""The forms of training data that people have, and the forms that providers want; one file a family."""
