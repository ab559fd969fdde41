# attack: Reads files of the host: password hashes, a secret, the tests, the platform's own folders.
# needs: host_files=hidden|closed
import glob
import os

places = ["/etc/shadow", "/etc/passwd", "/etc/ssh", "/proc/1/environ", "/proc/1/root/etc/shadow", "/var/log", "/boot"]
places += [
    "@SECRET_FILE@",
    "@TEST_FILE@",
    "/root/.bashrc",
    "/root/.ssh",
    "/var/lib/dpkg/status",
    "/run",
    "/etc/hostname",
]
for place in [*places, *glob.glob("/home/*")]:
    try:
        if os.path.isdir(place):
            found = os.listdir(place)
        else:
            with open(place, "rb") as file:
                found = file.read()
        if place == "/proc/1/environ" and isinstance(found, bytes):
            with open("/proc/self/environ", "rb") as own:  # Where the first process is the run's own, it holds no more.
                found = set(found.split(b"\0")) - set(own.read().split(b"\0"))
        if found and not place.startswith("/home/"):
            print("ESCAPED read", place)
    except OSError:
        pass
print("tried")
