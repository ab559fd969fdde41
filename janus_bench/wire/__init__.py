"""The wire: requests out, and bytes in, each with the time at which it came."""
