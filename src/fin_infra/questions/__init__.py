"""Questions that need several providers at once, asked the same way by routes, commands and tools.
Floor 6: no HTTP and no framework; a question takes its providers, and its answer names those that did not answer."""
