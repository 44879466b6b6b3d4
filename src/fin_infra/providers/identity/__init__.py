"""Adapters of the identity domain, one folder per vendor.
Floor 3: found through entry points, never imported from here."""
