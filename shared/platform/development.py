"""The key of a development install that signs tokens: made once, its private half apart from what services can read."""

from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.platform.errors import WrongSetting
from shared.platform.settings import PlatformSettings
from shared.platform.token import make_key
from shared.platform.web.keys import signing_key


def make_token_key(settings: PlatformSettings, private: Path) -> None:
    """Make the key at `private`, and write its public half where services read it; in production nothing."""
    if settings.environment != "development" or settings.jwt_key_file is None:
        return
    make_key(private)
    public = signing_key(private).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        settings.jwt_key_file.write_bytes(public)
    except OSError:
        raise WrongSetting("KOMMUNKONTAKT_JWT_KEY_FILE names a place where no file can be made.") from None
