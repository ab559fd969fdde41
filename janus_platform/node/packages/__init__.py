"""The packages of a submission: what its requirements.txt asks for, installed into an environment of its own."""
