"""Calibration: a server whose every emission is known, and what the bench's own clock makes of it."""
