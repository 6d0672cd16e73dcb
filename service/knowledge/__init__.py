"""The rule files: read strictly, checked, and printed for reading."""
