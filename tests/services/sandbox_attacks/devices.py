# attack: Opens the devices of the host and makes its own.
# needs: host_files=hidden|closed
import os
import stat

for _number, name in enumerate(
    ["mem", "kmem", "kmsg", "vda", "sda", "nvme0n1", "loop0", "loop-control", "kvm", "fuse", "vsock", "net/tun"]
):
    for mode in (os.O_RDONLY, os.O_WRONLY):
        try:
            os.open(f"/dev/{name}", mode)
            print("ESCAPED opened", name)
        except OSError:
            pass
for kind in (stat.S_IFBLK, stat.S_IFCHR):
    for major, minor in ((8, 0), (254, 0), (1, 1)):
        try:
            os.mknod(f"device-{major}-{minor}-{kind}", kind | 0o600, os.makedev(major, minor))
            print("ESCAPED made a device")
        except OSError:
            pass
print("tried")
