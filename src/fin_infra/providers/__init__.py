"""Providers: what they are, and how one is chosen.
Floor 3 (adapters, base, info) and floor 4 (registry)."""
