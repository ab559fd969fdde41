# attack: Ends, while a daemon keeps its output open, so that who reads to its end waits for ever.
# needs: leftovers=none
import os

if os.fork() == 0:
    os.setsid()
    os.execlp("sleep", "sleep", "@MARK@")
print("tried", flush=True)
