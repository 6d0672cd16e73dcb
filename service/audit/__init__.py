"""The decision log: what was said, why and under which rules, and who asked."""
