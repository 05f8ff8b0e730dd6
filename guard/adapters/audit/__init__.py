"""Who made what, from the admin activity log."""
