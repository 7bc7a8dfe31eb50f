"""What the networks of the zoo come to, by hand: modules written from the papers, and sums written out."""
