# attack: Takes memory in many processes, each of which stays far below the limit.
# needs: memory=tree
# ends: memory
import os
import time

for _ in range(8):
    if os.fork() == 0:
        break
kept = bytearray(b"x") * 150_000_000
time.sleep(30)
print("ESCAPED with 1.2 GB")
