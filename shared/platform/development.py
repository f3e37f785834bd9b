"""The secrets of a development install, made once and kept: the two that have no default in production, and a key."""

import os
import secrets
from pathlib import Path

from shared.platform.errors import WrongSetting
from shared.platform.settings import SECRETS_DIR, PlatformSettings, secrets_folder
from shared.platform.token import make_key

NAMES = ("kommunkontakt_secret_key", "kommunkontakt_party_secret")


def make_secrets() -> None:
    """Make what is missing in KOMMUNKONTAKT_SECRETS_DIR, and the key at KOMMUNKONTAKT_JWT_KEY_FILE."""
    settings, folder = PlatformSettings.load(), secrets_folder()
    if settings.environment != "development":
        raise WrongSetting("KOMMUNKONTAKT_ENVIRONMENT must be development: secrets for production come from elsewhere.")
    if folder is None or settings.jwt_key_file is None:
        raise WrongSetting(f"{SECRETS_DIR} and KOMMUNKONTAKT_JWT_KEY_FILE must say where the secrets are kept.")
    for name in NAMES:
        _once(folder / name, secrets.token_urlsafe(48))
    make_key(settings.jwt_key_file)


def _once(file: Path, secret: str) -> None:
    """Whole or not at all, and never over another: what was sealed with the old one could not be read again."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        if file.exists():
            return
        unfinished.touch(mode=0o600)
        unfinished.write_text(secret, encoding="utf-8")
        os.link(unfinished, file)
        unfinished.unlink()
    except FileExistsError:
        unfinished.unlink(missing_ok=True)
    except OSError:
        raise WrongSetting(f"{SECRETS_DIR} names a folder where no file can be made.") from None
