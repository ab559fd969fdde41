# attack: Looks for another run's files, in every place that runs can write and behind every process.
# needs: other_runs=hidden|closed
import glob
import os

roots = [
    "/tmp",
    "/var/tmp",
    "/dev/shm",
    "/sandbox",
    os.path.dirname(os.getcwd().rstrip("/")),
    *glob.glob("/proc/[0-9]*/cwd"),
]
roots += glob.glob("/proc/[0-9]*/root/sandbox")
for root in roots:
    for folder, _, files in os.walk(root):
        for name in files:
            try:
                with open(os.path.join(folder, name), "rb") as file:
                    if b"@VICTIM@" in file.read(1_000) and not name.startswith("main."):
                        print("ESCAPED read", folder, name)
            except OSError:
                pass
print("tried")
