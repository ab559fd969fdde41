"""Processes that the platform starts, their pipes, and worker processes for large input."""
