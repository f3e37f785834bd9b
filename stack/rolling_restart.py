"""`make rolling-restart`: each instance under docker compose gets a successor, and leaves when that one is ready.

Nobody who asks at the door notices: a service never has fewer instances than it had. A changed .env and a new image
take effect so too. Only the standard library: `python3 -m stack.rolling_restart [SERVICE...]`.
"""

import subprocess
import sys
import time

SERVICES = ("intake", "routing", "procurement", "notify")
STOP_WITHIN = "25"
FOUND_WITHIN = 60.0
ASK = """
import socket
door = socket.socket(socket.AF_UNIX)
door.connect("/tmp/door.sock")
door.sendall(b"show stat -1 4 -1\\n")
print(door.makefile().read())
"""
"""What HAProxy knows of the servers behind it, asked in its own container."""
ALSO = {"intake": ("mail",)}
"""Services that the door sends more to than calls."""


def docker(*arguments: str) -> str:
    """What a docker command prints; what it complains of goes to our own standard error."""
    return subprocess.run(["docker", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def succeed(service: str) -> int:
    """Replace all instances of one service, one after the other; returns how many those were."""
    old = docker("compose", "ps", "--quiet", service).split()
    for container in old:
        more = f"{service}={len(old) + 1}"
        docker(
            "compose",
            "--progress",
            "quiet",
            "up",
            "--detach",
            "--wait",
            "--no-deps",
            "--no-recreate",
            "--scale",
            more,
            service,
        )
        until_found(service, len(old) + 1)
        docker("stop", "--time", STOP_WITHIN, container)
        docker("rm", container)
    return len(old)


def until_found(service: str, instances: int) -> None:
    """Wait until the door sends to so many; ChildProcessError when it does not come to that."""
    end = time.monotonic() + FOUND_WITHIN
    while found(service) < instances:
        if time.monotonic() > end:
            raise ChildProcessError
        time.sleep(0.5)


def found(service: str) -> int:
    """How many instances of a service the door sends to, all that it sends."""
    rows = docker("compose", "exec", "--no-TTY", "door", "python", "-c", ASK).splitlines()
    up = [row.split(",")[0] for row in rows if ",instance" in row and row.split(",")[17].startswith("UP")]
    return min(up.count(backend) for backend in (service, *ALSO.get(service, ())))


def main() -> None:
    """One service after the other; exit 1 at the first that does not become ready: the old instances go on."""
    for service in sys.argv[1:] or SERVICES:
        try:
            print(f"{service}: {succeed(service)} replaced", flush=True)
        except (subprocess.CalledProcessError, ChildProcessError):
            sys.exit(f"{service}: the new instance did not become ready. The old ones go on; look: docker compose ps")


if __name__ == "__main__":
    main()
