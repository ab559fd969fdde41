# attack: Reads memory, environment, command line and open files of every process but its own.
# needs: processes=hidden|closed
import os

mine = {os.getpid()}
for pid in set(range(1, 400)) | {
    int("@PLATFORM_PID@"),
    os.getppid(),
    *range(int("@PLATFORM_PID@"), int("@PLATFORM_PID@") + 200),
}:
    if pid in mine:
        continue
    for name in ("environ", "cmdline", "maps", "mem", "auxv", "stack", "syscall", "io"):
        try:
            with open(f"/proc/{pid}/{name}", "rb") as file:
                content = file.read(4_096)
        except OSError:
            continue
        if b"@SECRET@" in content or b"@VICTIM@" in content or b"pytest" in content:
            print("ESCAPED read", pid, name)
    for name in ("fd", "root", "cwd", "task"):
        try:
            if pid == int("@PLATFORM_PID@") and os.listdir(f"/proc/{pid}/{name}"):
                print("ESCAPED listed", pid, name)
        except OSError:
            pass
print("tried")
