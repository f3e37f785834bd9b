"""Runs Schemathesis at a service's doors in a process of its own, and reads what it did."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
PHASES = ("Examples", "Coverage", "Fuzzing", "Stateful")


@dataclass(frozen=True, slots=True)
class Knocked:
    """What came of it."""

    code: int
    told: str

    @property
    def tested(self) -> int:
        """How many doors it came to."""
        return max(map(int, re.findall(r"Tested: +(\d+)", self.told)))

    @property
    def links(self) -> int:
        """How many links it went along."""
        return sum(map(int, re.findall(r"API Links: +(\d+) covered", self.told)))

    @property
    def clean(self) -> list[str]:
        """The phases that found nothing."""
        return [name for name in PHASES if re.search(rf"✅ +{name}\b", self.told)]


def knock(url: str, token: str, examples: Mapping[str, int], seed: int | None = None) -> Knocked:
    """All checks: at each door with so many drawn calls, beside those that go along the bounds of each member, and in
    so many chains; the same each time without a seed."""
    at_each = _knock(url, token, "examples,coverage,fuzzing", examples["door"], seed)
    if not examples["chains"]:
        return at_each
    in_chains = _knock(url, token, "stateful", examples["chains"], seed)
    return Knocked(at_each.code + in_chains.code, at_each.told + in_chains.told)


def _knock(url: str, token: str, phases: str, examples: int, seed: int | None) -> Knocked:
    drawn = ["--generation-deterministic"] if seed is None else ["--seed", str(seed)]
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")]
    command += ["run", f"{url}/openapi.json", "--header", f"Authorization: Bearer {token}", "--checks", "all"]
    command += ["--phases", phases, "--max-examples", str(examples), "--warnings", "off", "--no-color", *drawn]
    told = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.doors.hooks", "PYTHONWARNINGS": "ignore"}
    told |= {"PYTHONPATH": str(HERE.parents[1]), **({"DOORS_IN_CHAINS": "1"} if phases == "stateful" else {})}
    with TemporaryDirectory() as where:  # it writes down there what it has found
        done = subprocess.run(command, cwd=where, env=told, capture_output=True, text=True)
    return Knocked(done.returncode, done.stdout + done.stderr)
