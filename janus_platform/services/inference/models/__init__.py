"""Model files: which small models are known, how they are fetched and checked, and where a name leads to."""
