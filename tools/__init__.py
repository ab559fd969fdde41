"""What `make.py` calls: set-up, book, tests, pins, diagrams. Standard library only; runs before anything is installed."""
