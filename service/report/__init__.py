"""What a decision log amounts to, as one page to read and to print."""
