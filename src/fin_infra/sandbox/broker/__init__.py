"""A stock broker made of rules: sessions, a price tape, assets, orders, a book of cash and positions, and an engine.
Floor 8: knows no wire format; a vendor speaks for it.
"""
