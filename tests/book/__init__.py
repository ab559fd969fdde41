"""The book: its machinery, its build, its pages in a browser, and the code on its pages."""
