"""The report on networks: a table of values that each format writes in its own way, and the same as data."""
