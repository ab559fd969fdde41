# attack: Talks without end.
# needs: time=limited
# ends: output
yes
