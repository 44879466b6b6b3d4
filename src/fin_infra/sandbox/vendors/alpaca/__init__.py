"""TODO
Floor 7: TODO."""
