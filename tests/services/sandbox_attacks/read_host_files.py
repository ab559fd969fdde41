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
        if found and not place.startswith("/home/"):
            print("ESCAPED read", place)
    except OSError:
        pass
print("tried")
