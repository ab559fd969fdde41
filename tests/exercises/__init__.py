"""The exercises: each stub gets its hint, each solution passes, each typical mistake is told what to look at next."""
