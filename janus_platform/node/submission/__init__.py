"""A submission, from its form to something deployed: what is checked, copied, tried out and reviewed."""
