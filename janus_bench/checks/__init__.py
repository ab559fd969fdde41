"""Checks: what makes an answer right."""
