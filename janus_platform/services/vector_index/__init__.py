"""The vector index (FR-3, Vector Index): `build` makes its ASGI app; see app.py."""
