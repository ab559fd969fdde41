# attack: Leaves programs behind with every tool for it.
# needs: leftovers=none
nohup sleep @MARK@ >/dev/null 2>&1 &
setsid sleep @MARK@ >/dev/null 2>&1 </dev/null &
(trap '' HUP TERM INT; sleep @MARK@ >/dev/null 2>&1 &)
set -m
sleep @MARK@ >/dev/null 2>&1 &
disown -a
echo tried
