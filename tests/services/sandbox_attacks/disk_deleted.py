# attack: Fills the disk with files that are deleted and still open.
# needs: disk=capped|watched
# ends: program|disk|memory
import os
import time

kept, written = [], 0
try:
    for _number in range(40):
        kept.append(os.open("gone", os.O_RDWR | os.O_CREAT))
        os.unlink("gone")
        for _ in range(50):
            written += os.write(kept[-1], b"x" * 1_000_000)
        time.sleep(0.02)
    time.sleep(1)
except OSError:
    pass
if written > 1_500_000_000:
    print("ESCAPED with", written)
print("tried")
