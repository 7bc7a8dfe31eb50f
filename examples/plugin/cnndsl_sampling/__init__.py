"""Two layers for cnndsl: `layers` declares them, `modules` is what they become in PyTorch."""
