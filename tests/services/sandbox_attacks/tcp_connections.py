# attack: Connects to the host, the internet, the metadata service and by name; listens for the host.
# needs: network=none
import socket

for address in [
    ("127.0.0.1", int("@PORT@")),
    ("192.0.2.1", 443),
    ("1.1.1.1", 53),
    ("169.254.169.254", 80),
    ("::1", int("@PORT@")),
]:
    try:
        socket.create_connection(address, timeout=1)
        print("ESCAPED reached", address)
    except OSError:
        pass
for name in ("example.com", "localhost.localdomain", "sandbox.janus.rodeo"):
    try:
        found = socket.getaddrinfo(name, 443)
        socket.create_connection(found[0][4][:2], timeout=1)
        print("ESCAPED reached", name)
    except OSError:
        pass
print("tried")
