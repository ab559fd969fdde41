# attack: Becomes somebody else: another uid, group, capabilities, files of root.
# needs: user=own|mapped
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
for change in (
    lambda: os.setuid(0),
    lambda: os.setgid(0),
    lambda: os.setresuid(0, 0, 0),
    lambda: os.setgroups([0]),
    lambda: os.chown(".", 0, 0),
    lambda: os.seteuid(0),
):
    try:
        change()
        if 0 in (os.getuid(), os.geteuid(), os.getgid(), os.stat(".").st_uid):
            print("ESCAPED became root")
    except OSError:
        pass
header, every = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
if libc.capset(header, every) == 0:
    print("ESCAPED took every capability")
if libc.prctl(38 + 0, 0, 0, 0, 0) == 0:  # PR_SET_NO_NEW_PRIVS back to 0
    print("ESCAPED may gain privileges again")
print("tried")
