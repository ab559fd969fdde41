# attack: Puts a link to the host's folder in the place of its own.
# needs: host_files=hidden|closed
# files:
import os

here = os.getcwd()
os.chdir("..")
for target in (os.path.dirname("@SECRET_FILE@"), "/etc"):
    os.rename(here, here + "-moved-" + str(len(target)))
    os.symlink(target, here)
    os.rename(here, here + "-link-" + str(len(target)))
    os.symlink(target, here)
    break
print("tried")
