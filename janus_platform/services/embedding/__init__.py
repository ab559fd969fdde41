"""Texts as unit vectors: all-MiniLM-L6-v2, computed with numpy."""
