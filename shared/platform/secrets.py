"""What is kept secret: bytes sealed for our own database, and party ids that do not tell whom they are about."""

import hmac
import re
from base64 import b32encode
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = b"\x01"
NONCE_BYTES = 12
PIECE_SEAL = 16
PARTY_LETTERS = 26


class BrokenSeal(Exception):
    """Sealed bytes that were changed, are cut short, belong elsewhere, or were sealed with another key."""


class Lock:
    """Seals bytes with AES-256-GCM under a key of 32 bytes.

    `nonces(n)` gives n random bytes, `os.urandom` outside tests. `about` binds the bytes to the place where they are
    kept (a parking id, say): unsealing them for another place fails. The result is 29 bytes longer than the plain.
    """

    def __init__(self, key: bytes, nonces: Callable[[int], bytes]) -> None:
        self._cipher = AESGCM(key)
        self._nonces = nonces

    def seal(self, plain: bytes, about: str = "") -> bytes:
        """Encrypt and sign."""
        nonce = self._nonces(NONCE_BYTES)
        return FORMAT + nonce + self._cipher.encrypt(nonce, plain, FORMAT + about.encode())

    def unseal(self, sealed: bytes, about: str = "") -> bytes:
        """The plain bytes again, or BrokenSeal."""
        nonce, locked = sealed[1 : NONCE_BYTES + 1], sealed[NONCE_BYTES + 1 :]
        if sealed[:1] != FORMAT or len(locked) < 16:
            raise BrokenSeal("these bytes were not sealed here")
        try:
            return self._cipher.decrypt(nonce, locked, FORMAT + about.encode())
        except InvalidTag:
            raise BrokenSeal("the seal does not hold") from None


class Seal(Lock):
    """Seals bytes under a key made from a secret and a purpose."""

    def __init__(self, secret: str, purpose: str, nonces: Callable[[int], bytes]) -> None:
        super().__init__(derived_key(secret, f"seal {purpose}"), nonces)


class PieceSeal:
    """Seals one file, piece by piece, under a key of its own, which never seals anything else.

    A sealed piece is PIECE_SEAL bytes longer than the plain; unsealing it as another piece, or of another file, fails.
    """

    def __init__(self, key: bytes, about: str) -> None:
        self._cipher, self._about = AESGCM(key), about.encode()

    def seal(self, number: int, plain: bytes) -> bytes:
        """Encrypt and sign one piece; each number once."""
        return self._cipher.encrypt(number.to_bytes(NONCE_BYTES, "big"), plain, self._about)

    def unseal(self, number: int, sealed: bytes) -> bytes:
        """The plain piece again, or BrokenSeal."""
        try:
            return self._cipher.decrypt(number.to_bytes(NONCE_BYTES, "big"), sealed, self._about)
        except InvalidTag:
            raise BrokenSeal("the seal does not hold") from None


def party_id(secret: str, municipality: str, organisation_number: str) -> str:
    """The id by which every service of the municipality names the company: `1460-p-` and 26 letters and digits.

    A keyed HMAC, so that the number cannot be found by trying all. The number may be written with a hyphen, spaces or
    a century; anything that is not ten digits then is a ValueError, which does not repeat it.
    """
    digits = re.sub(r"[\s-]", "", organisation_number)
    ten = digits[2:] if len(digits) == 12 else digits
    if not re.fullmatch(r"[0-9]{10}", ten):
        raise ValueError("an organisation number has ten digits")
    mac = hmac.digest(derived_key(secret, "party id"), f"{municipality} {ten}".encode(), "sha256")
    return f"{municipality}-p-{b32encode(mac).decode().lower()[:PARTY_LETTERS]}"


def keyed_hash(secret: str, purpose: str, about: bytes) -> bytes:
    """32 bytes that only who has the secret can make of this, for this purpose."""
    return hmac.digest(derived_key(secret, purpose), about, "sha256")


def derived_key(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose; knowing the key of one purpose says nothing about another's."""
    context = f"kommunkontakt {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=context).derive(secret.encode())
