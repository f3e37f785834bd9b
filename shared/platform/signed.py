"""What one service tells another by somebody else's hands: signed with a secret of theirs, believed until it ends."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import jwt
from jwt.types import Options
from pydantic import BaseModel, ValidationError

from shared.platform.secrets import derived_key
from shared.platform.settings import PlatformSettings

ALGORITHM = "HS256"
LONGEST = 4_000
OPTIONS: Options = {"require": ["exp", "aud"], "verify_exp": False}
"""Until when it holds, the service's own clock tells, and not the library's."""
Told = TypeVar("Told", bound=BaseModel)


class NotSigned(Exception):
    """It was signed with no secret of ours, for something else, or has ended; or is nothing that is signed."""


class Signer:
    """Signs with the first secret, and believes what any of them has signed for the same purpose."""

    def __init__(self, secrets: Sequence[str], purpose: str) -> None:
        self._keys, self._purpose = [derived_key(one, f"sign {purpose}") for one in secrets], purpose

    def sign(self, told: BaseModel, until: datetime) -> str:
        """The text that carries it, as a JWT."""
        claims = {**told.model_dump(mode="json"), "aud": self._purpose, "exp": until}
        return jwt.encode(claims, self._keys[0], algorithm=ALGORITHM)

    def read(self, text: str, kind: type[Told], at: datetime) -> Told:
        """What the text tells, or NotSigned."""
        for key in self._keys if len(text) <= LONGEST else ():
            try:
                claims = jwt.decode(text, key, algorithms=[ALGORITHM], audience=self._purpose, options=OPTIONS)
                if at.timestamp() < claims["exp"]:
                    return kind.model_validate(claims)
            except (jwt.PyJWTError, ValidationError, ValueError, TypeError, OverflowError, RecursionError):
                continue
        raise NotSigned(self._purpose)


def grant_signer(settings: PlatformSettings) -> Signer:
    """Signs grants with the secret in force; what the other one has signed is believed too."""
    return Signer([key for key in (settings.grant_secret, settings.grant_secret_other) if key], "grant")
