"""Fetches pinned wheels once, checks their hashes, and unpacks them (they are never installed)."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.places import LOCKS, downloads
from stack.problem import Problem
from stack.process import leashed

Tell = Callable[[str, int, int], None]
TAGS = ("manylinux1_x86_64", "manylinux2014_x86_64", "manylinux_2_17_x86_64")


def silent(what: str, done: int, total: int) -> None:
    """Tells nobody how far a download has come."""


@contextmanager
def alone(name: str) -> Iterator[Path]:
    """Holds the lock of one download: several test workers may want it at once, one fetches, the others wait."""
    downloads().mkdir(parents=True, exist_ok=True)
    with (downloads() / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield downloads()


def once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of that name, made in a place of its own and then moved, so that half a folder is never seen."""
    place = downloads() / name
    if place.exists():
        return place
    with alone(name) as parent:
        if not place.exists():
            _sweep(parent, name)
            unfinished = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=parent))
            try:
                make(unfinished)
                unfinished.rename(place)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    return place


def _sweep(parent: Path, name: str) -> None:
    for left in parent.glob(f".{name}-*"):  # by a run that was killed
        shutil.rmtree(left, ignore_errors=True)


def unpack_wheels(lock: str, into: Path) -> None:
    """Fetches the wheels that a lock file names, with pip, which checks their hashes, and unpacks them."""
    wheels = into / ".wheels"
    _pip_download(LOCKS / lock, wheels)
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(into)
    shutil.rmtree(wheels)


def _pip_download(lock: Path, into: Path) -> None:
    tags = [part for tag in TAGS for part in ("--platform", tag)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp", *tags]
    run([*command, "--dest", str(into), "--requirement", str(lock)], f"pip could not fetch what {lock.name} names")


def run(command: list[str], failure: str) -> str:
    """What a tool prints; a Problem that ends with its last line of complaint when it fails."""
    done = subprocess.run(leashed(command), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"{failure}: {last_line(done.stderr or done.stdout)}")
    return done.stdout


def last_line(text: str) -> str:
    """The last line with something in it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def check_hashes(folder: Path, lock: Path) -> None:
    """Refuses a folder whose files are not exactly those of the lock (lines of SHA-256 and file name)."""
    wanted = read_hashes(lock)
    found = {file.name: sha256(file) for file in folder.iterdir()}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise Problem(f"{name} is not the file that {lock.name} promises; nothing of it was used.")


def read_hashes(lock: Path) -> dict[str, str]:
    """File names and their SHA-256 from a lock file."""
    lines = [line.split() for line in lock.read_text().splitlines() if line and not line.startswith("#")]
    return {name: digest for digest, name in lines}


def write_hashes(folder: Path, lock: Path, title: str) -> None:
    """Writes the lock file of a folder."""
    lines = [f"{sha256(file)}  {file.name}" for file in sorted(folder.iterdir())]
    lock.write_text("\n".join([f"# {title}", *lines]) + "\n")


def sha256(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def make_executable(*files: Path) -> None:
    """Gives back the right to run, which a zip archive does not keep."""
    for file in files:
        os.chmod(file, 0o755)  # noqa: S103 - programs for everybody on this machine
