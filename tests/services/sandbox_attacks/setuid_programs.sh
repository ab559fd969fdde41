# attack: Runs every program that would make it root.
# needs: user=own|mapped
for program in su sudo mount umount newgrp passwd chsh gpasswd pkexec; do
    path=$(command -v "$program") || continue
    "$path" --version >/dev/null 2>&1
    [ "$program" = su ] && [ "$("$path" -c 'id -u' </dev/null 2>/dev/null)" = 0 ] && echo "ESCAPED su"
    [ "$program" = sudo ] && [ "$("$path" -n id -u </dev/null 2>/dev/null)" = 0 ] && echo "ESCAPED sudo"
done
cp "$(command -v id)" mine && chmod u+s mine && chown 0 mine 2>/dev/null && echo "ESCAPED gave a file to root"
[ "$(id -u)" = 0 ] && [ -w /etc ] && echo "ESCAPED is root"
echo tried
