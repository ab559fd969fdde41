"""Stores on servers: the real ones, started for a test."""
