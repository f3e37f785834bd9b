"""Becomes the command it is given, after asking the kernel to end it when the one who started it ends."""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(signal: str, parent: str, command: list[str]) -> None:
    """Sets the signal that comes when the parent dies, then runs the command in this very process."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal))
    if os.getppid() != int(parent):
        sys.exit("the one who started this is gone")
    os.execvp(command[0], command)  # noqa: S606 - becoming the command is the purpose


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
