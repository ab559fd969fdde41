"""What bounds a program of somebody else: namespaces, file tree, system calls, memory for its whole process tree."""
