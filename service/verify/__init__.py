"""Checks of a rule base that go beyond reading it: its examples, and whether they are enough."""
