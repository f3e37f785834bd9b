"""A headless Chromium and what drives it: got where that may be done, and else it is said how to."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

BROWSER = Path(__file__).with_name("browser")
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
HOW = "The pages are opened in Chromium by Node 20 or newer: on Debian and Ubuntu `apt install chromium nodejs npm`."


def chromium() -> str | None:
    """The browser of this machine; where there is none and we are root on Debian, its own is installed."""
    return _found() or _from_debian()


def _found() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _from_debian() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ("update -qq", "install -y -qq --no-install-recommends chromium fonts-dejavu-core"):
        subprocess.run(["apt-get", *command.split()], env=environment, check=True, capture_output=True, timeout=600)
    return _found()


def drivers() -> bool:
    """Whether what drives the browser is there, after installing what the lock says if it was not; once a lock."""
    lock, mark = BROWSER / "package-lock.json", BROWSER / "node_modules" / ".installed"
    if mark.exists() and mark.read_bytes() == lock.read_bytes():
        return True
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(command, cwd=BROWSER, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode == 0:
        mark.write_bytes(lock.read_bytes())
    return done.returncode == 0


def opened(address: str, browser: str) -> dict[str, Any]:
    """What the browser saw of the form at this address, and of the pages that it leads to."""
    command = ["node", "pages.mjs", address, browser]
    done = subprocess.run(command, cwd=BROWSER, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found
