# attack: Changes the interpreter, its packages and the system, so that a later run would execute it.
# needs: host_files=hidden|closed
import os
import sys

import numpy

places = [sys.executable, numpy.__file__, os.__file__, "/usr/bin/env", "/etc/new", "/usr/local/bin/new", "/new"]
places += [os.path.join(sys.prefix, "new.pth"), "@SECRET_FILE@", "@SECRET_FILE@.new", "/var/tmp/new", "/root/new"]
for place in places:
    try:
        with open(place, "ab") as file:
            file.write(b"x")
        print("ESCAPED wrote", place)
    except OSError:
        pass
for change in (os.remove, os.rmdir, lambda place: os.rename(place, "mine"), lambda place: os.link(place, "mine")):
    try:
        change("@SECRET_FILE@")
        print("ESCAPED changed the secret", change)
    except OSError:
        pass
print("tried")
