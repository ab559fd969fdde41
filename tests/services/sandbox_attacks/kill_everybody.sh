# attack: Kills its session, its group, its parents and the platform with every signal.
# needs: processes=hidden|closed
echo tried
trap '' TERM HUP INT USR1 USR2 QUIT
for signal in TERM HUP INT USR1 USR2 QUIT KILL; do
    kill -$signal @PLATFORM_PID@ 2>/dev/null && echo "ESCAPED signalled the platform"
    kill -$signal 1 2>/dev/null
done
kill -KILL -1
