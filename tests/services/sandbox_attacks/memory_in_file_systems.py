# attack: Fills every file system in memory that it can write to, each to its own bound, and takes memory besides.
# needs: memory=tree
# ends: memory|disk|program
import contextlib

kept = []
for place in ("/tmp", "/dev/shm", "/run", "/var/tmp", "."):
    with contextlib.suppress(OSError):
        for number in range(20):
            with open(f"{place}/part-@MARK@-{number}", "wb") as file:
                file.write(bytes(30_000_000))
with contextlib.suppress(MemoryError):
    for _ in range(45):
        kept.append(bytearray(b"x") * 10_000_000)
    print("kept all of it besides the files" if len(kept) < 45 else "took 450 MB and more")
