"""What of a page goes to the model: its beginning."""


def nearest(page: str, question: str) -> str:
    """The first 8,000 characters, whatever the question."""
    return page[:8_000]
