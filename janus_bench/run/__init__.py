"""A run: a suite asked of a target, recorded."""
