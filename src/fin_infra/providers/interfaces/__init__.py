"""The interface of each domain, one file each, and each with its first adapter.
Floor 3: an adapter subclasses one of these; only what every vendor of the domain can answer is abstract."""
