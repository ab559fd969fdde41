# attack: The shell's classic: a function that pipes itself into itself.
# needs: leftovers=none
# ends: time|processes|memory|program
# timeout: 2
bomb() { bomb | bomb & }
bomb
sleep 60
