"""What can be said about layers, blocks and codes, and the ways to show it; all of it follows from declarations."""
