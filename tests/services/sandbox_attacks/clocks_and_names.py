# attack: Sets the clock, slews it, renames the host, and restarts the machine with a wrong password.
# needs: system_calls=filtered
import ctypes
import errno
import socket
import time

libc = ctypes.CDLL(None, use_errno=True)
for clock in (time.CLOCK_REALTIME, time.CLOCK_MONOTONIC):
    try:
        time.clock_settime(clock, time.clock_gettime(clock))
        print("ESCAPED set a clock")
    except OSError:
        pass
block = ctypes.create_string_buffer(256)
for name, arguments in {"settimeofday": (block, None), "adjtimex": (block,), "reboot": (0,)}.items():
    ctypes.set_errno(0)
    if getattr(libc, name)(*arguments) >= 0 or ctypes.get_errno() != errno.EPERM:
        print("ESCAPED", name)
try:
    socket.sethostname("attack")
    print("ESCAPED renamed the host")
except OSError:
    pass
print("tried")
