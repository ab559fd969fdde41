# attack: Makes files that are larger than the disk.
# needs: disk=capped|watched
import contextlib
import os

for how in (
    os.ftruncate,
    lambda file, size: os.posix_fallocate(file, 0, size),
    lambda file, size: os.pwrite(file, b"x", size),
):
    file = os.open("sparse", os.O_RDWR | os.O_CREAT)
    with contextlib.suppress(OSError):
        how(file, 1 << 40)
    if os.fstat(file).st_size > 100_000_000:
        print("ESCAPED with", os.fstat(file).st_size)
    os.close(file)
print("tried")
