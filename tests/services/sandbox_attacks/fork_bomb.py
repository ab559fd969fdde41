# attack: Forks without end.
# needs: leftovers=none
# ends: time|processes|memory|program
# timeout: 2
import contextlib
import os

while True:
    with contextlib.suppress(OSError):
        os.fork()
