# attack: Opens sockets of every family there is: packets, virtual machines, Bluetooth, crypto, CAN, TIPC, XDP …
# needs: system_calls=filtered
import socket

ORDINARY = {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK}
for family in range(64):
    for shape in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        if family in ORDINARY and shape != socket.SOCK_RAW:
            continue
        if family in (socket.AF_NETLINK, socket.AF_UNIX):
            continue
        try:
            socket.socket(family, shape).close()
            print("ESCAPED opened", family, shape)
        except OSError:
            pass
print("tried")
