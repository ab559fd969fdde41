# attack: Guesses the folder of another run and writes into it.
# needs: other_runs=hidden|closed
for place in /tmp/janus-sandbox-* /proc/[0-9]*/root/sandbox/work; do
    [ "$place/work" -ef "$PWD" ] || [ "$place" -ef "$PWD" ] && continue
    { echo x >"$place/work/planted" || echo x >"$place/planted"; } 2>/dev/null && echo "ESCAPED wrote into $place"
    ls "$place" 2>/dev/null | grep -q work && echo "ESCAPED listed $place"
done
echo tried
