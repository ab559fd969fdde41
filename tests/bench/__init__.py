"""Tests of the bench runner, against servers whose every byte is known."""
