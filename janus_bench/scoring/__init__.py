"""Scores: from checked answers and measured times to one number and its interval."""
