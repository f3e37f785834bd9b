"""`python -m shared.platform.token ROLE`: a token for development, signed with our own private key.

Refused unless KOMMUNKONTAKT_ENVIRONMENT is development. The key is at KOMMUNKONTAKT_JWT_KEY_FILE; `--make-key` makes an
Ed25519 key there when there is none.
"""

import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import jwt
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from shared.platform.clock import Clock, SystemClock
from shared.platform.errors import WrongSetting
from shared.platform.settings import PlatformSettings
from shared.platform.web.keys import algorithm_of, signing_key
from shared.platform.web.who import ROLES

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def make_token(
    key_file: Path,
    audience: str,
    subject: str,
    roles: Sequence[str],
    municipalities: Sequence[str],
    until: timedelta,
    clock: Clock,
) -> str:
    """A signed token that says who asks, as what and where, and that ends `until` from now."""
    key = signing_key(key_file)
    now = clock.now()
    claims = {
        "sub": subject,
        "aud": audience,
        "iat": now,
        "exp": now + until,
        "roles": list(roles),
        "municipality": list(municipalities),
    }
    return jwt.encode(claims, key, algorithm=algorithm_of(key.public_key()))


def make_key(key_file: Path) -> None:
    """Write a new private key that only its owner can read, unless there is a file already."""
    if key_file.exists():
        return
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        key_file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        if key_file.exists():
            return  # another process was first
        raise WrongSetting("KOMMUNKONTAKT_JWT_KEY_FILE names a place where no file can be made.") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)


@app.command()
def token(
    role: Annotated[str | None, typer.Argument(help=f"One of {', '.join(ROLES)}.")] = None,
    municipality: Annotated[list[str] | None, typer.Option(help="Its SCB code; may be given several times.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 366, help="How long the token is valid.")] = 8,
    subject: Annotated[
        str | None,
        typer.Option("--id", help="Whom it speaks of; else the role, or the first publisher over HTTP."),
    ] = None,
    make_key_too: Annotated[bool, typer.Option("--make-key", help="Make the key when there is none.")] = False,
) -> None:
    """Print a token for ROLE."""
    try:
        settings, key_file = _for_development()
        if make_key_too:
            make_key(key_file)
        if role is None and make_key_too:
            return
        if role not in ROLES:
            raise WrongSetting(f"ROLE must be one of {', '.join(ROLES)}.")
        codes, until = municipality or ["1460"], timedelta(hours=hours)
        who = subject or _usual(role, codes, settings)
        signed = make_token(key_file, settings.jwt_audience, who, [role], codes, until, SystemClock())
    except WrongSetting as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(2) from None
    typer.echo(signed)


def _usual(role: str, codes: Sequence[str], settings: PlatformSettings) -> str:
    """Whom a token speaks of unless it is said: a publisher goes by the name that it is registered under."""
    over_http = (one.name for one in settings.publishers if one.http_rates and one.municipality in codes)
    return next(over_http, role) if role == "publisher" else role


def _for_development() -> tuple[PlatformSettings, Path]:
    settings = PlatformSettings.load()
    if settings.environment != "development":
        raise WrongSetting("KOMMUNKONTAKT_ENVIRONMENT must be development: tokens for production come from elsewhere.")
    if settings.jwt_key_file is None:
        raise WrongSetting("KOMMUNKONTAKT_JWT_KEY_FILE must name the private key to sign with.")
    return settings, settings.jwt_key_file


if __name__ == "__main__":
    sys.exit(app())
