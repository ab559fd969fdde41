"""The node: runs implementations, each in its own process with the platform services as its only way out (FR-4)."""
