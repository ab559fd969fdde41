"""The framework of every service: its ASGI app, checked requests, problems, rate limits, OpenAPI."""
