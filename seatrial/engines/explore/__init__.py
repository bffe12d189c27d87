"""The explicit-state engine."""
