"""Benchmarks: the same rules and the same exams through several engines, timed side by side."""
