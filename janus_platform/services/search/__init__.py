"""The search service (FR-3, Search API): `build` makes its ASGI app; see app.py."""
