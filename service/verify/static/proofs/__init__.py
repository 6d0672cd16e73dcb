"""What is proved of a rule base for every exam. Each proof says what it states, how, and what it looked at."""
