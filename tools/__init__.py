"""What `make.py` calls: set-up, book, tests, pins, diagrams. Standard library only: it runs before any install."""
