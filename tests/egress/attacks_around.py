"""Every way out past the egress proxy that the tests try from inside an isolated implementation.

Each is Python that sets `result`, with the lures on the host as variables. `control` says who reaches them without
walls: the test tries that as well, so that none of them is blocked for want of anything to reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_TCP = """
def ask(family, address):
    with socket.socket(family) as s:
        s.settimeout(20)
        s.connect(address)
        return s.recv(9)
"""
_UDP = """
def ask(data):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        s.sendto(data, ("127.0.0.1", udp))
        return s.recv(99)
"""
_CALL = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)
    return "done"
"""
_HTTPX = """
import httpx
def ask(**how):
    try:
        return httpx.get(f"http://127.0.0.1:{tcp}/", timeout=20, **how).text
    except httpx.HTTPError as error:
        raise OSError(str(error))
"""
_NETLINK = """
import struct
def add_interface():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
        s.settimeout(5)
        body = struct.pack("=BxHiII", 0, 0, 0, 0, 0) + struct.pack("=HH4s", 8, 3, b"lo9")
        s.send(struct.pack("=IHHII", 16 + len(body), 16, 0x605, 1, 0) + body)
        error = struct.unpack("=i", s.recv(99)[16:20])[0]
        if error:
            raise OSError(-error, "netlink")
"""
_CHILD = """
import subprocess, sys
env = {"PATH": os.environ["PATH"], "NO_PROXY": "*", "HTTPS_PROXY": "", "LD_PRELOAD": "/tmp/none.so"}
def child():
    code = f"import socket; print(socket.create_connection(('127.0.0.1', {tcp}), 20).recv(9))"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    if done.returncode:
        raise OSError("the child failed")
    return done.stdout
"""
_QUERY = "bytes(12) + b'\\4evil\\7example\\0\\0\\1\\0\\1'"


@dataclass(frozen=True)
class Around:
    """One attempt: its name, the Python that makes it, and who reaches the lure without walls."""

    name: str
    code: str
    control: Literal["everyone", "root", "nobody"]


def _try(name: str, expression: str, before: str = "", *, control: str = "everyone") -> Around:
    return Around(name, f"{before}\nresult = attempt(lambda: {expression})", control)  # type: ignore[arg-type]


AROUND = (
    _try("TCP to the host's loopback", "ask(socket.AF_INET, ('127.0.0.1', tcp))", _TCP),
    _try("TCP to 0.0.0.0", "ask(socket.AF_INET, ('0.0.0.0', tcp))", _TCP),
    _try("TCP to 127.1", "ask(socket.AF_INET, ('127.1', tcp))", _TCP),
    _try("TCP to an address as one number", "ask(socket.AF_INET, ('2130706433', tcp))", _TCP),
    _try("TCP over IPv6", "ask(socket.AF_INET6, ('::1', tcp6))", _TCP),
    _try("TCP over mapped IPv6", "ask(socket.AF_INET6, ('::ffff:127.0.0.1', tcp))", _TCP),
    _try("UDP", "ask(b'out')", _UDP),
    _try("DNS over UDP", f"ask({_QUERY})", _UDP),
    _try("DNS over TCP", "ask(socket.AF_INET, ('127.0.0.1', tcp))", _TCP),
    _try("the system's resolver", "socket.getaddrinfo('evil.example', 443)", control="nobody"),
    _try("an abstract Unix socket", "ask(socket.AF_UNIX, abstract)", _TCP),
    _try("the control socket", "ask(socket.AF_UNIX, control_socket)", _TCP),
    _try("a raw socket", "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close()", control="root"),
    _try("AF_PACKET", "socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()", control="root"),
    _try("netlink: an interface of one's own", "add_interface()", _NETLINK, control="nobody"),
    _try("AF_VSOCK: a virtual machine's host", "socket.socket(40, socket.SOCK_STREAM).close()", control="nobody"),
    _try("a network namespace of one's own", "call('unshare', 0x40000000)", _CALL, control="root"),
    _try("a user namespace of one's own", "call('unshare', 0x10000000)", _CALL, control="root"),
    _try("the host's network namespace", "call('setns', os.open(f'/proc/{pid}/ns/net', 0), 0)", _CALL, control="root"),
    _try("ptrace of a process on the host", "call('ptrace', 16902, pid, 0, 0)", _CALL),
    _try("another's memory", "call('process_vm_readv', pid, None, 0, None, 0, 0)", _CALL),
    _try("a signal to a process on the host", "os.kill(pid, 0)"),
    _try("another's environment", "open(f'/proc/{pid}/environ').read()"),
    _try("the host's files through /proc", "open(f'/proc/{pid}/root{secret}').read()"),
    _try("the host's files by path", "open(secret).read()"),
    _try("the platform's run folder", "os.listdir(run_folder)"),
    _try("a device of one's own", "os.mknod('/tmp/memory', 0o20600, os.makedev(1, 1))", control="nobody"),
    _try("a mount", "call('mount', b'none', b'/tmp', b'tmpfs', 0, None)", _CALL, control="nobody"),
    _try("root again", "os.setuid(0)", control="root"),
    _try("io_uring, which a filter cannot look into", "call('syscall', 425, 1, 0)", _CALL, control="nobody"),
    _try("a client that ignores the variables", "ask(trust_env=False)", _HTTPX),
    _try("NO_PROXY=*", "ask()", _HTTPX + "os.environ['NO_PROXY'] = os.environ['no_proxy'] = '*'"),
    _try("a proxy of one's own", "ask(proxy=f'http://127.0.0.1:{tcp}')", _HTTPX),
    _try("a poisoned environment in a child", "child()", _CHILD),
    _try("names of one's own in /etc/hosts", "open('/etc/hosts', 'a').write('')", control="root"),
    _try("the program's own code", "open('main.py', 'a').close()", control="nobody"),
    _try("the door by which the gateway comes in", "os.symlink(secret, '/janus/gateway1')", control="nobody"),
    _try("the kernel's settings", "open('/proc/sys/kernel/core_pattern', 'r+').close()", control="root"),
    _try(
        "descriptors of the platform's",
        "os.fstat(inherited())",
        """
def inherited():
    links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd") if int(name) > 2]
    foreign = [link for link in links if os.path.exists(link) and "pipe:" in os.readlink(link)]
    if not foreign:
        raise OSError("none")
    return int(foreign[0].rpartition("/")[2])
""",
        control="nobody",
    ),
)
