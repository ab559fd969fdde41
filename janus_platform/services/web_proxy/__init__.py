"""The web proxy (FR-3, Web Proxy): `build` makes its ASGI app; see app.py."""
