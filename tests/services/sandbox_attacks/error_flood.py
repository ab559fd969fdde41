# attack: Talks without end on the other stream.
# needs: time=limited
# ends: output
import sys

while True:
    sys.stderr.write("x" * 100_000)
