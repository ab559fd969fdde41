"""Tests of traces: where spans belong, what is recorded, what leaves the platform, how it is drawn."""
