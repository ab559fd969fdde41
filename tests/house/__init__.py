"""Rules of the repository as a whole: who imports whom, the contract, the pins, the files."""
