"""Benchmark suites: what is asked and what makes an answer right."""
