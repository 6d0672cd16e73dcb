"""Puts an answer together from what was inferred: trace, contributors, recommendations, notes, summary."""
