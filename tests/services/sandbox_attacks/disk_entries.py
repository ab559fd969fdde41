# attack: Makes files without content until the disk has no room for another name.
# needs: disk=capped|watched
# ends: program|disk|memory|time
# timeout: 4
import os

for number in range(2_000_000):
    try:
        os.close(os.open(f"{number}", os.O_CREAT))
    except OSError:
        break
else:
    print("ESCAPED with 2 million files")
print("tried")
