"""Reports: what a run found, as a document, tables and plots."""
