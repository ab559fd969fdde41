"""What every service is made of: its ASGI app, checked requests, problems, rate limits, OpenAPI."""
