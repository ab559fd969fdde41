# attack: Climbs out of its directory, through every way to name a parent.
# needs: host_files=hidden|closed
for place in ../../../../../../etc/shadow /proc/self/root/etc/shadow /proc/self/cwd/../../etc/shadow /dev/fd/../../../etc/shadow; do
    cat "$place" 2>/dev/null && echo "ESCAPED read $place"
done
cat "@SECRET_FILE@" 2>/dev/null && echo "ESCAPED read the secret"
echo tried
