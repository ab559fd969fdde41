# attack: Ignores and masks every signal that can be, and goes on.
# needs: time=limited
# ends: time
# timeout: 2
import contextlib
import signal

for number in signal.valid_signals():
    with contextlib.suppress(OSError, ValueError):
        signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
while True:
    pass
