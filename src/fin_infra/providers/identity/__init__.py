"""Vendors that verify who a person is.
Floor 3: one folder a vendor."""
