"""Who may: bearer tokens (JWT) with roles and municipalities, asked for at every door but health, metrics and docs."""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import jwt
from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.platform.web import wording
from shared.platform.web.errors import Forbidden, Unauthenticated
from shared.platform.web.keys import Keys, VerifyingKey

ROLES = ("receptionist", "officer", "coordinator", "buyer", "operator", "publisher", "manager", "registrar", "public")
LEEWAY_SECONDS = 10
MOST_KEPT = 1_000
"""So many tokens are known by what they proved before; then all are proven anew."""
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


@dataclass(frozen=True, slots=True)
class Proven:
    """A token that was verified: what it named its key, the key itself, until when it holds, and whom it speaks of."""

    kid: str | None
    key: VerifyingKey
    ends: float
    person: Person


class Guard:
    """Reads tokens: verified with the keys passed in, for this audience only.

    A signature is verified once, and holds for as long as the token does and its key is the one that is to be found
    under its name. `wall` gives seconds since 1970.
    """

    def __init__(self, keys: Keys, audience: str, wall: Callable[[], float] = time.time) -> None:
        self._keys, self._audience, self._wall = keys, audience, wall
        self._proven: dict[str, Proven] = {}

    async def read(self, token: str) -> Person:
        """Whom the token speaks of (not yet at a door); Unauthenticated when it proves nothing."""
        before = self._proven.get(token)
        if before is not None and self._wall() < before.ends and await self._keys.find(before.kid) is before.key:
            return before.person
        proven = await self._prove(token)
        if len(self._proven) >= MOST_KEPT:
            self._proven.clear()
        self._proven[token] = proven
        return proven.person

    async def _prove(self, token: str) -> Proven:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = await self._keys.find(kid)
            if key is None:
                raise _wrong_token()
            claims = self._claims(token, key)
            ends = int(claims["exp"]) + LEEWAY_SECONDS
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            raise _wrong_token() from None
        return Proven(kid, key, ends, _person(claims))

    def _claims(self, token: str, key: VerifyingKey) -> Mapping[str, Any]:
        return jwt.decode(
            token,
            key.key,
            algorithms=[key.algorithm],
            audience=self._audience,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "aud", "sub"]},
        )


def _person(claims: Mapping[str, Any]) -> Person:
    if not SUBJECT.fullmatch(claims["sub"]):
        raise _wrong_token()
    return Person(claims["sub"], _texts(claims.get("roles")), "", _codes(claims.get("municipality")))


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
