"""The gateway: one OpenAI-compatible address in front of every implementation (FR-2, steps 1, 2 and 6)."""
