"""The keys that tokens are verified with: one in a file of our own, or those an identity provider publishes (JWKS)."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from jwt import PyJWK, PyJWTError

from shared.platform.errors import TryAgain, WrongSetting
from shared.platform.settings import PlatformSettings

log = logging.getLogger(__name__)
PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey
PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey
FRESH = 300.0
USABLE = 3600.0
PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key, and the one algorithm that its kind is used with."""

    key: PublicKey
    algorithm: str


class Keys(Protocol):
    """Finds the key that a token says it was signed with; TryAgain when it cannot be asked for."""

    async def find(self, kid: str | None) -> VerifyingKey | None:
        """The key of that name, or None."""
        ...


class OneKey:
    """The single key of an installation that signs its own tokens; a token's `kid` does not matter."""

    def __init__(self, key: VerifyingKey) -> None:
        self._key = key

    async def find(self, kid: str | None) -> VerifyingKey | None:
        """The key."""
        return self._key


class PublishedKeys:
    """The keys of an identity provider, fetched when first needed and again every five minutes.

    A name we don't know makes us look again, at most every 30 seconds. While the provider is away the keys we have are
    used for up to an hour.
    """

    def __init__(self, fetch: Callable[[], Awaitable[bytes]], watch: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._watch = fetch, watch
        self._keys: Mapping[str | None, VerifyingKey] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._one_at_a_time = asyncio.Lock()

    async def find(self, kid: str | None) -> VerifyingKey | None:
        """The key of that name; without a name, the only one there is."""
        if self._is_due(kid):
            async with self._one_at_a_time:
                if self._is_due(kid):
                    await self._refresh()
        if self._watch() - self._fetched_at > USABLE:
            raise TryAgain("the keys of the identity provider are not to be had")
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    def _is_due(self, kid: str | None) -> bool:
        stale = self._watch() - self._fetched_at > FRESH or (kid is not None and kid not in self._keys)
        return stale and self._watch() - self._tried_at > PAUSE

    async def _refresh(self) -> None:
        try:
            self._keys = published(await self._fetch())
            self._fetched_at = self._watch()
        except (TryAgain, ValueError, RecursionError) as error:
            log.warning("the keys of the identity provider could not be fetched", exc_info=error)
        finally:
            self._tried_at = self._watch()


def keys_from(settings: PlatformSettings) -> Keys:
    """The keys that the settings name, or WrongSetting when they name none that works."""
    if settings.jwks_url:
        from shared.platform.web.fetching import fetching

        return PublishedKeys(fetching(settings.jwks_url))
    if settings.jwt_key_file is None:
        raise WrongSetting("KOMMUNKONTAKT_JWT_KEY_FILE or KOMMUNKONTAKT_JWKS_URL must be set, to verify tokens with.")
    return OneKey(verifying_key(settings.jwt_key_file))


def published(body: bytes) -> Mapping[str | None, VerifyingKey]:
    """The keys of a JWKS document that sign and that we can use; ValueError when there is none."""
    document = json.loads(body)
    listed = document.get("keys") if isinstance(document, dict) else None
    found: dict[str | None, VerifyingKey] = {}
    for member in listed if isinstance(listed, list) else []:
        key = _from_jwk(member)
        if key:
            found[member.get("kid")] = key
    if not found:
        raise ValueError("the key set holds no key that we can use")
    return found


def _from_jwk(member: Any) -> VerifyingKey | None:
    if not isinstance(member, dict) or member.get("use", "sig") != "sig":
        return None
    if not isinstance(member.get("kid"), str | None):
        return None
    try:
        key = PyJWK(member)
        verifying = VerifyingKey(_public(key.key), algorithm_of(_public(key.key)))
    except (PyJWTError, ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return verifying if key.algorithm_name == verifying.algorithm else None


def verifying_key(file: Path) -> VerifyingKey:
    """The key in a PEM file: a public one, or the public half of a private one."""
    public = _public(_loaded(file))
    try:
        return VerifyingKey(public, algorithm_of(public))
    except ValueError as wrong:
        raise WrongSetting(f"KOMMUNKONTAKT_JWT_KEY_FILE {wrong}.") from None


def signing_key(file: Path) -> PrivateKey:
    """The private key in a PEM file."""
    key = _loaded(file)
    if not isinstance(key, Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey):
        raise WrongSetting("KOMMUNKONTAKT_JWT_KEY_FILE holds no private key to sign with.")
    return key


def algorithm_of(key: PublicKey) -> str:
    """The algorithm of a key's kind, so that a token cannot choose another."""
    match key:
        case Ed25519PublicKey():
            return "EdDSA"
        case EllipticCurvePublicKey() if isinstance(key.curve, SECP256R1):
            return "ES256"
        case RSAPublicKey() if key.key_size >= 2048:
            return "RS256"
    raise ValueError("must hold an Ed25519, P-256 or RSA key (2048 bits or more)")


def _loaded(file: Path) -> Any:
    try:
        pem = file.read_bytes()
        load = load_pem_public_key if b"PUBLIC KEY" in pem else lambda text: load_pem_private_key(text, None)
        return load(pem)
    except OSError:
        raise WrongSetting("KOMMUNKONTAKT_JWT_KEY_FILE names a file that cannot be read.") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise WrongSetting("KOMMUNKONTAKT_JWT_KEY_FILE holds no PEM key without a password.") from None


def _public(key: Any) -> Any:
    return key.public_key() if hasattr(key, "public_key") else key
