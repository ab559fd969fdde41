# attack: Uses descriptors that the platform forgot to close.
# needs: leftovers=none
import os

for number in range(3, 2_000):
    try:
        found = os.fstat(number)
        print("ESCAPED holds", number, found.st_mode)
    except OSError:
        pass
print("tried")
