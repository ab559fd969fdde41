"""A language model in llama.cpp, which runs in a process of its own and answers chat requests."""
