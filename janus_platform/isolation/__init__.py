"""What bounds a program of somebody else, whoever runs it: a filter of system calls, and memory for its whole tree."""
