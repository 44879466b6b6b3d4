"""Reading files that people bring along.
Floor 4: picks a reader by content; reads no network."""
