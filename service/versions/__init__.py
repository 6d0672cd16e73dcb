"""The rule base over time: its lock, what differs between two of them, switching a rule off."""
