"""`python -m tests.chaos`: the full form. SEED, EVENTS, KILLS and INSTANCES change it; FORM=short is the one of CI."""

import os
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import run
from tests.chaos.timeline import Form

FULL = {"SEED": 1460, "EVENTS": 20_000, "KILLS": 200, "INSTANCES": 3}
SHORT = {**FULL, "EVENTS": 1_500, "KILLS": 44, "INSTANCES": 2}


def form_of(environment: "os._Environ[str] | dict[str, str]") -> Form:
    """The form that was asked for."""
    short = environment.get("FORM") == "short"
    usual = SHORT if short else FULL
    told = {name: int(environment.get(name) or number) for name, number in usual.items()}
    return Form(told["SEED"], told["EVENTS"], told["KILLS"], told["INSTANCES"], longer=not short)


def main() -> int:
    """Run, tell, and keep the folder with the logs when something is wrong."""
    where = Path(tempfile.mkdtemp(prefix="chaos-"))
    sys.stdout.write(f"what is kept lies in {where}\n")
    report = run(form_of(os.environ), where)
    sys.stdout.write(f"{report}\n")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
