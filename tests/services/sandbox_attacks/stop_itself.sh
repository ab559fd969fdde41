# attack: Stops itself, so that it never ends.
# needs: time=limited
# ends: time
# timeout: 2
kill -STOP $$
