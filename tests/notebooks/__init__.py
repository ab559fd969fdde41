"""Runs every notebook, and compares what its deterministic cells print with what was recorded."""
