"""Published networks by hand: modules and sums that know nothing of cnndsl."""
