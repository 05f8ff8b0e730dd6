"""What a run left behind at a provider: found by the marks that everything of a run carries, not only by its record."""
