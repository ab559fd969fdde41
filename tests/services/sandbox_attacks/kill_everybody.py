# attack: Kills everything it may.
# needs: processes=hidden|closed
# ends: program
import contextlib
import os
import signal

print("tried", flush=True)
for pid in (int("@PLATFORM_PID@"), os.getppid(), -1):
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)
