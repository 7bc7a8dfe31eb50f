"""What the networks of the zoo come to, by hand: modules and arithmetic from the papers, never from the specs."""
