# attack: Uses the system's own tools to get out: unshare, nsenter, mount, chroot, bubblewrap itself.
# needs: system_calls=filtered
unshare -Ur true 2>/dev/null && echo "ESCAPED unshare"
nsenter -t 1 -m true 2>/dev/null && echo "ESCAPED nsenter"
mount -t tmpfs none /tmp 2>/dev/null && echo "ESCAPED mount"
umount /proc 2>/dev/null && echo "ESCAPED umount"
chroot / true 2>/dev/null && echo "ESCAPED chroot"
command -v bwrap >/dev/null && bwrap --dev-bind / / true 2>/dev/null && echo "ESCAPED bwrap"
echo tried
