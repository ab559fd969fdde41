# attack: Hands its work on to children that ignore signals, in sessions of their own, and waits.
# needs: leftovers=none
# ends: time
# timeout: 2
trap '' TERM INT HUP ALRM QUIT USR1
for _ in 1 2 3; do
    setsid sh -c "trap '' TERM HUP; while :; do sleep @MARK@; done" &
done
sleep 60
while :; do :; done
