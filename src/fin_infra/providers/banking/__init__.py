"""Adapters of the banking domain, one vendor a file.
Floor 3: found through entry points, never imported from here."""
