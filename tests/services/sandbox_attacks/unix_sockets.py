# attack: Connects to Unix sockets of the host, by path and by abstract name, also from a pair's datagram socket.
# needs: network=none
import glob
import socket

SHAPES = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET)
paths = ["@UNIX_SOCKET@", "\0@ABSTRACT_SOCKET@", "/run/docker.sock", "/run/dbus/system_bus_socket", "/dev/log"]
for path in [*paths, *glob.glob("/tmp/**/*.sock", recursive=True)]:
    for shape in SHAPES:
        try:
            with socket.socket(socket.AF_UNIX, shape) as one:
                one.connect(path)
                print("ESCAPED reached", repr(path), shape)
        except OSError:
            pass
    try:
        left, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        left.sendto(b"@SECRET@", path)
        print("ESCAPED sent to", repr(path))
    except OSError:
        pass
print("tried")
