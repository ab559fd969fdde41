# attack: Takes memory that it shares, which no limit of a process counts.
# needs: memory=tree
# ends: memory
import mmap
import time

kept = []
for _ in range(30):
    kept.append(mmap.mmap(-1, 30_000_000))
    kept[-1].write(b"x" * 30_000_000)
time.sleep(30)
print("ESCAPED with 900 MB")
