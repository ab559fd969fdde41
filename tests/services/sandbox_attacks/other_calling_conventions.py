# attack: Reaches the kernel through its other doors, x32 and 32-bit, where numbers mean other calls.
# needs: system_calls=filtered
import ctypes
import mmap
import os
import platform

libc = ctypes.CDLL(None, use_errno=True)
if platform.machine() == "x86_64":
    if libc.syscall(0x40000000 | 39) > 0:  # getpid
        print("ESCAPED through x32", flush=True)
    pid = os.fork()
    if pid == 0:
        code = mmap.mmap(-1, 4_096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20 (getpid); int 0x80; ret
        address = ctypes.addressof(ctypes.c_char.from_buffer(code))
        if ctypes.CFUNCTYPE(ctypes.c_int)(address)() > 0:
            print("ESCAPED through the 32-bit door", flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
print("tried")
