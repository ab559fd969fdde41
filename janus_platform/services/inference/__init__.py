"""The inference service (FR-3, Chutes Inference): `build` makes its ASGI app; see app.py."""
