# attack: Asks the kernel over netlink for the host's interfaces, and listens for its device events and audit.
# needs: network=none
import socket
import struct

try:
    asking = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    asking.settimeout(1)
    asking.send(struct.pack("=IHHIIBxHiII", 32, 18, 0x301, 1, 0, 0, 0, 0, 0, 0))  # RTM_GETLINK, all of them
    said = asking.recv(65_536)
    if b"eth" in said or b"ens" in said or b"wlan" in said:
        print("ESCAPED saw the host's interfaces")
except OSError:
    pass
try:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9) as audit:  # NETLINK_AUDIT
        audit.settimeout(1)
        audit.send(struct.pack("=IHHII", 16, 1000, 1, 1, 0))
        if struct.unpack("=i", audit.recv(100)[16:20])[0] == 0:
            print("ESCAPED reached audit")
except OSError:
    pass
print("tried")
