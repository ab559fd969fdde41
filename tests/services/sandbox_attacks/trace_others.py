# attack: Traces its parent, the first process, the platform and itself, and reads their memory without tracing.
# needs: system_calls=filtered
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
ATTACH, SEIZE, TRACEME = 16, 0x4206, 0
for pid in (1, os.getppid(), int("@PLATFORM_PID@")):
    for request in (ATTACH, SEIZE):
        if libc.ptrace(request, pid, None, None) == 0:
            print("ESCAPED traced", pid)
    piece = (ctypes.c_size_t * 2)(ctypes.addressof(ctypes.create_string_buffer(8)), 8)
    if libc.process_vm_readv(pid, piece, 1, piece, 1, 0) >= 0:
        print("ESCAPED read the memory of", pid)
if libc.ptrace(TRACEME, 0, None, None) == 0:
    print("ESCAPED traced itself")
print("tried")
