"""Adapters for brokers and for aggregators of brokers.
Floor 3: nothing here is imported until the registry resolves it."""
