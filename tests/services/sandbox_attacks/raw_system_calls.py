# attack: Calls the kernel directly for all that a container must not do; an answer but "refused" means it got there.
# needs: system_calls=filtered
import ctypes
import errno
import os
import platform

NUMBERS = {
    "x86_64": {
        "mount": 165,
        "umount2": 166,
        "pivot_root": 155,
        "chroot": 161,
        "unshare": 272,
        "setns": 308,
        "bpf": 321,
        "keyctl": 250,
        "add_key": 248,
        "request_key": 249,
        "perf_event_open": 298,
        "userfaultfd": 323,
        "kexec_load": 246,
        "kexec_file_load": 320,
        "init_module": 175,
        "finit_module": 313,
        "delete_module": 176,
        "open_by_handle_at": 304,
        "name_to_handle_at": 303,
        "process_vm_readv": 310,
        "process_vm_writev": 311,
        "kcmp": 312,
        "ptrace": 101,
        "acct": 163,
        "swapon": 167,
        "quotactl": 179,
        "iopl": 172,
        "fanotify_init": 300,
        "shmget": 29,
        "msgget": 68,
        "semget": 64,
        "mq_open": 240,
    },
    "aarch64": {
        "mount": 40,
        "umount2": 39,
        "pivot_root": 41,
        "chroot": 51,
        "unshare": 97,
        "setns": 268,
        "bpf": 280,
        "keyctl": 219,
        "add_key": 217,
        "request_key": 218,
        "perf_event_open": 241,
        "userfaultfd": 282,
        "kexec_load": 104,
        "kexec_file_load": 294,
        "init_module": 105,
        "finit_module": 273,
        "delete_module": 106,
        "open_by_handle_at": 265,
        "name_to_handle_at": 264,
        "process_vm_readv": 270,
        "process_vm_writev": 271,
        "kcmp": 272,
        "ptrace": 117,
        "acct": 89,
        "swapon": 224,
        "quotactl": 60,
        "fanotify_init": 262,
        "shmget": 194,
        "msgget": 186,
        "semget": 190,
        "mq_open": 180,
    },
}
ON_BOTH = {
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "clone3": 435,
    "pidfd_getfd": 438,
    "mount_setattr": 442,
    "quotactl_fd": 443,
    "memfd_secret": 447,
}
libc = ctypes.CDLL(None, use_errno=True)
for name, number in {**NUMBERS[platform.machine()], **ON_BOTH}.items():
    ctypes.set_errno(0)
    if libc.syscall(number, 0, 0, 0, 0, 0, 0) >= 0 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
        print("ESCAPED", name, os.strerror(ctypes.get_errno()))
print("tried")
