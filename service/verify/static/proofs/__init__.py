"""What is proved of a rule base for every exam: what each proof states, how, and what it looked at."""
