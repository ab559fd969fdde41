# attack: Takes memory in daemons, which are nobody's children.
# needs: memory=tree; leftovers=none
# ends: memory
import os
import time

for _ in range(8):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            kept = bytearray(b"x") * 150_000_000
            time.sleep(30)
        os._exit(0)
time.sleep(30)
print("ESCAPED with 1.2 GB")
