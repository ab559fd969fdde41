# attack: Makes new namespaces, in which it would be root: by unshare, by clone with each flag, by setns to its own.
# needs: system_calls=filtered
import ctypes
import os
import platform
import signal

libc = ctypes.CDLL(None, use_errno=True)
CLONE = {"x86_64": 56, "aarch64": 220}[platform.machine()]
for bit in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
    if libc.unshare(bit) == 0:
        print("ESCAPED unshared", hex(bit))
    pid = libc.syscall(CLONE, bit | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    if pid > 0:
        print("ESCAPED cloned", hex(bit))
for name in ("user", "mnt", "net", "pid"):
    try:
        if libc.setns(os.open(f"/proc/self/ns/{name}", os.O_RDONLY), 0) == 0:
            print("ESCAPED entered", name)
    except OSError:
        pass
print("tried")
