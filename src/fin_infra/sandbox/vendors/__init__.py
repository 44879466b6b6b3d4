"""Gather the vendors the sandbox imitates, one module each.
Floor 8: a vendor module knows its vendor's paths, bodies and errors, and nothing of the other vendors.
"""
