"""What the services are told through their environment, and the development secrets that are made once."""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from stack.env_file import FORMS, MAIL_TO, PUBLISHERS
from stack.places import DATA, free_port
from stack.problem import Problem

SERVICES = ("intake", "routing", "procurement", "notify")
NICENESS = {"intake": 0, "routing": 5, "procurement": 5, "notify": 5}
"""Where all share a machine the one at intake's door comes first: a person waits there."""
MUNICIPALITY = "1460"
[MAIL_ADDRESS] = MAIL_TO
OURS = ("KOMMUNKONTAKT_", *(f"{service.upper()}_" for service in SERVICES))


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens on this machine."""

    kafka: int = 9092
    mongo: int = 27017
    smtp: int = 1025
    mail: int = 8025
    intake: int = 8001
    routing: int = 8002
    procurement: int = 8003
    notify: int = 8004
    intake_mail: int = 2424

    def of(self, service: str) -> int:
        """The port of a service."""
        return int(getattr(self, service))


def choose_ports(first: int | None) -> Ports:
    """The usual ports (None), free ones (0), or nine in a row from this one; <SERVICE>_PORT decides before that."""
    if first is None:
        return Ports(**{name: _port_setting(name, getattr(Ports(), name)) for name in (*SERVICES, "intake_mail")})
    if first and not 1024 <= first <= 65_527:
        raise Problem("--ports-from must be 0, for free ports, or from 1024 to 65527.")
    ports = [first + nth if first else free_port() for nth in range(9)]
    return Ports(*ports)


def _port_setting(service: str, usual: int) -> int:
    name = f"{service.upper()}_PORT"
    text = os.environ.get(name) or str(usual)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise Problem(f"{name} must be a port, 1 to 65535.")
    return int(text)


def service_environment(kafka_url: str, mongo_url: str, smtp_url: str, ports: Ports, data: Path) -> dict[str, str]:
    """All that a service reads; what is set in our own environment with one of the same prefixes wins."""
    told = {
        "KOMMUNKONTAKT_ENVIRONMENT": "development",
        "KOMMUNKONTAKT_CLOCK": "simulated",
        "KOMMUNKONTAKT_PUBLISHERS": json.dumps(PUBLISHERS),
        "INTAKE_FORMS": json.dumps(FORMS),
        "KOMMUNKONTAKT_SECRET_KEY": _secret(data, "secret-key"),
        "KOMMUNKONTAKT_PARTY_SECRET": _secret(data, "party-secret"),
        "KOMMUNKONTAKT_GRANT_SECRET": _secret(data, "grant-secret"),
        "KOMMUNKONTAKT_MASTER_KEY": _secret(data, "master-key"),
        "KOMMUNKONTAKT_JWT_KEY_FILE": str(_key_file(data)),
    }
    told |= {f"{service.upper()}_PORT": str(ports.of(service)) for service in SERVICES}
    told |= {name: value for name, value in os.environ.items() if name.startswith(OURS) and value}
    addresses = {"KAFKA_URL": kafka_url, "MONGO_URL": mongo_url, "SMTP_URL": smtp_url}
    told |= {f"KOMMUNKONTAKT_{name}": url for name, url in addresses.items()} | {"NOTIFY_SMTP_URL": smtp_url}
    return told


def _secret(data: Path, name: str) -> str:
    return _kept(data, name, lambda: secrets.token_urlsafe(48).encode()).read_text()


def _key_file(data: Path) -> Path:
    def make() -> bytes:
        return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    return _kept(data, "jwt.pem", make)


def _kept(data: Path, name: str, make: Callable[[], bytes]) -> Path:
    file = data / "secrets" / name
    if not file.exists():
        _private(file, make())
    return file


def _private(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(content)
    unfinished.rename(file)


def mail_environment(ports: Ports) -> dict[str, str]:
    """Where intake listens for mail, for the one instance that may: our own environment wins here too."""
    told = {"INTAKE_MAIL_PORT": str(ports.intake_mail), "INTAKE_MAIL_PROTOCOL": "smtp"}
    told["INTAKE_MAIL_TO"] = json.dumps(MAIL_TO)
    return told | {name: os.environ[name] for name in told if os.environ.get(name)}


def given(name: str) -> str | None:
    """The address of a server that is there already: KAFKA_URL, or KOMMUNKONTAKT_KAFKA_URL, and so on."""
    return os.environ.get(f"KOMMUNKONTAKT_{name}") or os.environ.get(name) or None


def write_run_environment(told: dict[str, str], data: Path) -> Path:
    """Writes down what the services were told, so that the demo and tokens fit to what runs."""
    file = data / "run.env"
    _private(file, "".join(f"{name}={value}\n" for name, value in sorted(told.items())).encode())
    return file


def read_run_environment(data: Path = DATA) -> dict[str, str]:
    """What the services that were started last from this folder were told."""
    file = data / "run.env"
    if not file.exists():
        raise Problem("Nothing was started here yet: run make run first, in another shell.")
    return dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
