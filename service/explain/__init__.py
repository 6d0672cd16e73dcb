"""Exact answers to a therapist's questions about a contributor: why, why not, what if, what next."""
