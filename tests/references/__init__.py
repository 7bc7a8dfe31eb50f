"""What published networks come to, written by hand or worked out as sums of products."""
