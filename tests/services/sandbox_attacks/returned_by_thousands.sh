# attack: Hands back more files, and larger ones, than anybody wants to carry.
# needs: disk=capped|watched
# ends: program|disk
for number in $(seq -w 0 400); do echo x >"many-$number"; done
head -c 40000000 /dev/zero >0-large
echo tried
