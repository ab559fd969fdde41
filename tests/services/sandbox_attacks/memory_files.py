# attack: Takes memory in files that have no name and are not mapped.
# needs: memory=tree
# ends: memory
import os
import time

kept = []
for number in range(18):
    kept.append(os.memfd_create(f"part {number}"))
    for _ in range(50):
        os.write(kept[-1], b"x" * 1_000_000)
time.sleep(30)
print("ESCAPED with 900 MB")
