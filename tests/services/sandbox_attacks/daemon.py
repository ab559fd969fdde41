# attack: Becomes a daemon by the book: fork, new session, fork again, and lives on.
# needs: leftovers=none
import os

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for descriptor in (0, 1, 2):
            os.close(descriptor)
        os.execlp("sleep", "sleep", "@MARK@")
    os._exit(0)
print("tried", flush=True)
