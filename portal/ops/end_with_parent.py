"""Runs a command that ends when its parent does: `python end_with_parent.py <parent's pid> <command> ...`.

A parent that is killed outright can't stop its children. On Linux the kernel does it (PR_SET_PDEATHSIG outlives the
exec below); elsewhere only an orderly stop ends them.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        # The parent may have gone before the line above took hold.
        if os.getppid() != parent:
            sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
