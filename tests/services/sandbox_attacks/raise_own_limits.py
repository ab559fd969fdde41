# attack: Takes its own limits off: resource limits, its place with the killer of processes, its priority.
# needs: leftovers=none
import os
import resource

for name in ("DATA", "NPROC", "FSIZE", "CORE"):
    which = getattr(resource, "RLIMIT_" + name)
    soft, hard = resource.getrlimit(which)
    try:
        resource.setrlimit(which, (hard + 1, hard + 1))
        print("ESCAPED raised", name)
    except (OSError, ValueError):
        pass
try:
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("-1000")
    print("ESCAPED the killer of processes")
except OSError:
    pass
for change in (lambda: os.nice(-1), lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))):
    try:
        change()
        print("ESCAPED raised its priority")
    except OSError:
        pass
print("tried")
