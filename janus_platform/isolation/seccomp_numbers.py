"""The numbers of the system calls that the filter looks at, for each machine it knows.

Source: the kernel's tables, arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h; from 424 on
both count alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_REFUSED_ON_BOTH = {
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "mount_setattr": 442,
    "quotactl_fd": 443,
    "memfd_secret": 447,
}
# clone3's flags lie in memory, where a filter cannot look; the C library falls back to clone(2) on ENOSYS.
_ABSENT_ON_BOTH = {"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "clone3": 435}


@dataclass(frozen=True)
class Machine:
    """`audit` is its AUDIT_ARCH value. `refused` calls give EPERM, `absent` ones ENOSYS, `session` ones do nothing.

    `affinity` is sched_setaffinity(2).
    """

    audit: int
    socket: int
    socketpair: int
    clone: int
    ioctl: int
    affinity: int
    session: Mapping[str, int]
    refused: Mapping[str, int]
    absent: Mapping[str, int] = field(default_factory=lambda: _ABSENT_ON_BOTH)


MACHINES = {
    "x86_64": Machine(
        audit=0xC000003E,
        socket=41,
        socketpair=53,
        clone=56,
        ioctl=16,
        affinity=203,
        session={"setpgid": 109, "setsid": 112},
        refused=_REFUSED_ON_BOTH
        | {"shmget": 29, "semget": 64, "msgget": 68, "ptrace": 101, "pivot_root": 155, "adjtimex": 159, "chroot": 161}
        | {"acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169}
        | {"sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173, "init_module": 175}
        | {"delete_module": 176, "quotactl": 179, "clock_settime": 227, "mq_open": 240, "kexec_load": 246}
        | {"add_key": 248, "request_key": 249, "keyctl": 250, "migrate_pages": 256, "unshare": 272, "move_pages": 279}
        | {"perf_event_open": 298, "fanotify_init": 300, "name_to_handle_at": 303, "open_by_handle_at": 304}
        | {"clock_adjtime": 305, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312}
        | {"finit_module": 313, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323},
    ),
    "aarch64": Machine(
        audit=0xC00000B7,
        socket=198,
        socketpair=199,
        clone=220,
        ioctl=29,
        affinity=122,
        session={"setpgid": 154, "setsid": 157},
        refused=_REFUSED_ON_BOTH
        | {"umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "quotactl": 60, "acct": 89, "unshare": 97}
        | {"kexec_load": 104, "init_module": 105, "delete_module": 106, "clock_settime": 112, "ptrace": 117}
        | {"reboot": 142, "sethostname": 161, "setdomainname": 162, "settimeofday": 170, "adjtimex": 171}
        | {"mq_open": 180, "msgget": 186, "semget": 190, "shmget": 194, "add_key": 217, "request_key": 218}
        | {"keyctl": 219, "swapon": 224, "swapoff": 225, "migrate_pages": 238, "move_pages": 239}
        | {"perf_event_open": 241, "fanotify_init": 262, "name_to_handle_at": 264, "open_by_handle_at": 265}
        | {"clock_adjtime": 266, "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272}
        | {"finit_module": 273, "bpf": 280, "userfaultfd": 282, "kexec_file_load": 294},
    ),
}
