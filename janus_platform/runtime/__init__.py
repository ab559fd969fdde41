"""A running platform: its parts put together in one process, what controls it, and what it leaves on disk."""
