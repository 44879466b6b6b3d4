"""TODO
Floor 8: TODO."""
