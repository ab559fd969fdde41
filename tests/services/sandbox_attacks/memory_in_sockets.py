# attack: Keeps memory in the kernel's buffers of sockets: TCP, UDP and connected pairs, in forty processes.
# needs: sockets=bounded|pairs
# ends: program|memory|time
import os
import signal
import socket
import time

ALLOWED = 512_000_000 + 64_000_000
reading, writing = os.pipe()
kept = []  # What is not held on to is free again.


def pairs():
    if kind == "tcp":
        server = socket.create_server(("127.0.0.1", 0))
        while True:
            one = socket.create_connection(server.getsockname())
            yield one, server.accept()[0]
    while kind == "unix":
        yield socket.socketpair()
    while kind == "udp":
        two = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        two.bind(("127.0.0.1", 0))
        two.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 30)
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.connect(two.getsockname())
        yield one, two


def give_up(*_):
    raise TimeoutError  # At the limit a connection waits for memory.


def fill():
    total = 0
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(4)
    try:
        for one, two in pairs():
            kept.extend((one, two))
            for end in (one,) if kind == "udp" else (one, two):
                end.setblocking(False)
                try:
                    for _ in range(200):
                        sent = end.send(bytes(30_000))
                        total += sent if kind != "udp" else 0
                except BlockingIOError:
                    pass
            if kind == "udp":
                with open("/proc/net/udp") as table:
                    queued = sum(int(line.split()[4].split(":")[1], 16) for line in list(table)[1:])
                if queued > ALLOWED:
                    print("ESCAPED: UDP sockets hold", queued, flush=True)
                    break
    except OSError:
        pass
    signal.alarm(0)
    os.write(writing, f"{total}\n".encode())


for kind in ("tcp", "udp", "unix"):
    children = []
    for _ in range(40):
        child = os.fork()
        if child == 0:
            fill()
            time.sleep(60)
        children.append(child)
    with os.fdopen(os.dup(reading)) as said:
        held = sum(int(said.readline()) for _ in children)
    if held > ALLOWED:
        print("ESCAPED:", kind, "sockets hold", held)
    for child in children:
        os.kill(child, 9)
        os.waitpid(child, 0)
print("tried")
