"""Where to look: projects, folders and locations."""
