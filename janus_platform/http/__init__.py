"""HTTP/1.1 on connections that the platform has: bounds on what a client may send, before any ASGI app runs."""
