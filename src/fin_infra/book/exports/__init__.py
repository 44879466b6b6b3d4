"""Transactions of the book as one file that other programs read: CSV, OFX, Parquet, beancount.
Floor 6: each format is one module that writes rows as they are read; `marks.py` lets the book know its own file again.
"""
