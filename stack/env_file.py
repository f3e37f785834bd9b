"""`make secrets`: writes .env for docker compose, with a secret of its own for everything that asks who is there.

A value that stands in the file is never changed; what a release or a new publisher needs besides is added at the end.
Only the standard library, so that it works before anything is installed: `python3 -m stack.env_file [FILE]`.
"""

import base64
import json
import os
import re
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

OVER_HTTP = [{"from_on": "2026-01-01", "per_minute": 600}]
PUBLISHERS = [
    {"name": "e-services", "municipality": "1460", "types": ["contact-received"], "http_rates": OVER_HTTP},
    {"name": "business-register", "municipality": "1460", "types": ["company-changed"], "http_rates": OVER_HTTP},
    {"name": "finance", "municipality": "1460", "types": ["contract-signed"]},
    {"name": "staff", "municipality": "1460", "types": ["officer-changed"]},
]
FORMS = [
    {
        "municipality": "1460",
        "name": "Bengtsfors kommun",
        "e_mail": "kommun@kommun.example",
        "phone": "0531-52 60 00",
        "data_protection": "dataskydd@kommun.example",
    }
]
"""The public form of a development install: its addresses lead nowhere."""
MAIL_TO = {"kommunkontakt@bengtsfors.example": "1460"}
"""Whose mail a development install takes in."""

SERVICES = ("intake", "routing", "procurement", "notify")
TOP = f"""\
# The settings and secrets of this install, made by `make secrets`: for docker compose, and for nobody else to read.
# Keep a copy of it apart from the backups: without MASTER_KEY_* nobody reads who the parties are or what they
# wrote, without SECRET_KEY_* parked events can't be replayed, and with another PARTY_SECRET companies get new ids. How
# to change each: docs/operators.md.

# For real people: production, system, the https address of your identity provider's keys, and no key file.
KOMMUNKONTAKT_ENVIRONMENT=development
KOMMUNKONTAKT_CLOCK=simulated
KOMMUNKONTAKT_JWKS_URL=
KOMMUNKONTAKT_JWT_KEY_FILE=/public-key/token.pem

# Your mail server and the address that mails come from; without them the mail tray gets all.
NOTIFY_SMTP_URL=
NOTIFY_SENDER=

# The municipalities that have a public form, and whom it names as responsible for what is sent: docs/intake.md.
INTAKE_FORMS='{json.dumps(FORMS)}'

# The addresses whose mail comes in on port 2424, and whose they are; none, no mail: docs/intake.md.
INTAKE_MAIL_TO='{json.dumps(MAIL_TO)}'
"""
LINE = re.compile(r"^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)


def needed(publishers: list[Mapping[str, object]]) -> Iterator[tuple[str, Callable[[], str]]]:
    """Every secret by name, and how one is made."""
    for server in ("MONGO", "KAFKA"):
        for user in ("admin", *SERVICES):
            yield f"{server}_PASSWORD_{user.upper()}", _secret
    for publisher in [*publishers, {"name": "demo"}]:
        yield f"KAFKA_PASSWORD_{str(publisher['name']).upper().replace('-', '_')}", _secret
    for service in SERVICES:
        yield f"SECRET_KEY_{service.upper()}", _secret
    yield "PARTY_SECRET", _secret
    yield "GRANT_SECRET", _secret
    yield "MASTER_KEY_INTAKE", _secret
    yield "MASTER_KEY_NOTIFY", _secret
    yield "MONGO_KEY", lambda: base64.b64encode(secrets.token_bytes(192)).decode()


def _secret() -> str:
    """256 bits, in letters that need no quoting in an address, a shell or a file of settings."""
    return secrets.token_hex(32)


def read(file: Path) -> dict[str, str]:
    """What the file sets."""
    return {name: value.strip().strip("'\"") for name, value in LINE.findall(file.read_text(encoding="utf-8"))}


def completed(text: str) -> str:
    """The text with what is missing added; a value that is there stays, byte for byte."""
    text = text or TOP
    if not text.endswith("\n"):
        text += "\n"
    there = {name: value.strip().strip("'") for name, value in LINE.findall(text)}
    if "KOMMUNKONTAKT_PUBLISHERS" not in there:
        there["KOMMUNKONTAKT_PUBLISHERS"] = json.dumps(PUBLISHERS)
        text += "\n# The systems that publish to us. After a change: make secrets, then docker compose up --wait.\n"
        text += f"KOMMUNKONTAKT_PUBLISHERS='{there['KOMMUNKONTAKT_PUBLISHERS']}'\n"
    missing = [
        (name, make) for name, make in needed(json.loads(there["KOMMUNKONTAKT_PUBLISHERS"])) if name not in there
    ]
    added = "".join(f"{name}={make()}\n" for name, make in missing)
    return f"{text}\n{added}" if added else text


def write(file: Path) -> bool:
    """Complete the file, readable by its owner alone; False when nothing was missing."""
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    after = completed(before)
    if after == before:
        file.chmod(0o600)
        return False
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as new:
        new.write(after)
    unfinished.replace(file)
    return True


def main() -> None:
    """Say what was done; exit 2 with one sentence when the file can't be completed."""
    file = Path(sys.argv[1] if len(sys.argv) > 1 else ".env")
    try:
        print(f"{file} {'has what is needed now' if write(file) else 'had all that is needed'}.")
    except OSError as refused:
        sys.exit(f"{file} can't be written ({type(refused).__name__}).")
    except (ValueError, TypeError, KeyError):
        sys.exit(f"KOMMUNKONTAKT_PUBLISHERS in {file} must be JSON, a list of publishers in single quotes.")


if __name__ == "__main__":
    main()
