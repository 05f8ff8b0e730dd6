"""Prices: the rows that ship, each with source, date and confidence."""
