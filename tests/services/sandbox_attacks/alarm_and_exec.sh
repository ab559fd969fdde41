# attack: Becomes another program again and again.
# needs: time=limited
# ends: time
# timeout: 2
trap '' ALRM
exec bash main.sh
