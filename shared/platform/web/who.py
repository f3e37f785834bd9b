"""Who may: bearer tokens (JWT) with roles and municipalities, asked for at every door but health, metrics and docs."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import jwt
from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.platform.web import wording
from shared.platform.web.errors import Forbidden, Unauthenticated
from shared.platform.web.keys import Keys

ROLES = ("receptionist", "officer", "coordinator", "buyer", "operator", "publisher", "manager", "registrar", "public")
LEEWAY_SECONDS = 10
CODE = re.compile(r"[0-9]{4}")
SUBJECT = re.compile(r"[!-~]{1,200}")

Municipality = Annotated[
    str, Path(pattern=r"^[0-9]{4}$", description="The SCB code of the municipality.", examples=["1460"])
]
BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    bearerFormat="JWT",
    description="A token with `sub`, `exp`, `aud`, `roles` (a list) and `municipality` (a code, or a list of codes).",
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: the token's subject, its roles, and the municipality of the door's path ("" where it has none)."""

    id: str
    roles: frozenset[str]
    municipality: str
    municipalities: frozenset[str]


class Guard:
    """Reads tokens: verified with the keys passed in, for this audience only."""

    def __init__(self, keys: Keys, audience: str) -> None:
        self._keys, self._audience = keys, audience

    async def read(self, token: str) -> Person:
        """Whom the token speaks of (not yet at a door); Unauthenticated when it proves nothing."""
        claims = await self._claims(token)
        subject = claims["sub"]
        if not SUBJECT.fullmatch(subject):
            raise _wrong_token()
        return Person(subject, _texts(claims.get("roles")), "", _codes(claims.get("municipality")))

    async def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = await self._keys.find(kid)
            if key is None:
                raise _wrong_token()
            return jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            raise _wrong_token() from None


def allowed(*roles: str) -> Callable[..., Awaitable[Person]]:
    """A dependency for doors that any of these roles may use, in a municipality of their token.

    `async def register(municipality: Municipality, person: Annotated[Person, Depends(allowed("receptionist"))])`.
    The Guard is kept in `app.state.guard`, where `create_doors` puts it.
    """
    unknown = set(roles) - set(ROLES)
    if unknown or not roles:
        raise ValueError(f"roles are among {', '.join(ROLES)}")

    async def person(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
    ) -> Person:
        if credentials is None:
            raise Unauthenticated("token-missing", wording.TOKEN_MISSING.sv, wording.TOKEN_MISSING.en)
        guard: Guard = request.app.state.guard
        return at_door(await guard.read(credentials.credentials), roles, request.path_params.get("municipality"))

    return person


def at_door(person: Person, roles: tuple[str, ...], municipality: str | None) -> Person:
    """The person as far as this door is concerned, or Forbidden."""
    if person.roles.isdisjoint(roles):
        raise Forbidden("wrong-role", wording.ROLE_WRONG.sv, wording.ROLE_WRONG.en)
    if municipality is None:
        return person
    if municipality not in person.municipalities:
        raise Forbidden("wrong-municipality", wording.MUNICIPALITY_WRONG.sv, wording.MUNICIPALITY_WRONG.en)
    return Person(person.id, person.roles, municipality, person.municipalities)


def _wrong_token() -> Unauthenticated:
    return Unauthenticated("token-wrong", wording.TOKEN_WRONG.sv, wording.TOKEN_WRONG.en)


def _texts(claim: Any) -> frozenset[str]:
    return frozenset(text for text in claim if isinstance(text, str)) if isinstance(claim, list) else frozenset()


def _codes(claim: Any) -> frozenset[str]:
    listed = _texts([claim] if isinstance(claim, str) else claim)
    return frozenset(code for code in listed if CODE.fullmatch(code))
