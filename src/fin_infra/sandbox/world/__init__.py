"""What is true in the sandbox: people, accounts, prices and holdings, all from one seed.
Floor 8: names no vendor; how a vendor tells it is the vendor's.
"""
