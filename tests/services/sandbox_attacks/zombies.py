# attack: Leaves children that nobody collects.
# needs: leftovers=none
import os

made = 0
for _ in range(2_000):
    try:
        if os.fork() == 0:
            os._exit(0)
        made += 1
    except OSError:
        break
if made > 200:
    print("ESCAPED with", made, "zombies")
print("tried")
