"""Files fetched from outside, with bounds: over HTTPS, and out of packages of PyPI. What they mean is the caller's."""
