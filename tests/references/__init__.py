"""What published networks come to, worked out without cnndsl."""
