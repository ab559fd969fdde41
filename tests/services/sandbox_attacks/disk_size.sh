# attack: Fills the disk.
# needs: disk=capped|watched
# ends: program|disk|memory
for number in $(seq 40); do head -c 50000000 /dev/zero >"part-$number" 2>/dev/null || break; done
[ "$(du -sm . | cut -f1)" -gt 1500 ] && echo "ESCAPED with 1.5 GB"
echo tried
