"""The public form's ids and codes: signed, so that nothing need be kept of a form that nobody sends."""

import hmac
import re
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SOONEST = timedelta(seconds=3)
"""Nobody reads the form, writes a wish and sends it faster than this."""

LATEST = timedelta(days=7)
RECEIPT_SHOWN = timedelta(hours=1)

NONCE, MOMENT, MAC = 18, 5, 16
CODE_LETTERS, GROUP = 28, 4
RFC_4648 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
WRITTEN = str.maketrans(RFC_4648, CROCKFORD)
MISREAD = str.maketrans("OIL", "011")


@dataclass(frozen=True, slots=True)
class FormIds:
    """Makes and reads form ids, and the follow-up codes that belong to them.

    `keyed(purpose, data)` is a keyed hash of 32 bytes, `random(n)` gives n random bytes. A form id has 144 bits that
    nobody can guess, the second in which the form was opened, and a signature for its municipality.
    """

    keyed: Callable[[str, bytes], bytes]
    random: Callable[[int], bytes]

    def make(self, municipality: str, at: datetime) -> str:
        """The id of a form that is opened now."""
        opened = self.random(NONCE) + int(at.timestamp()).to_bytes(MOMENT)
        return urlsafe_b64encode(opened + self._signed(municipality, opened)).decode()

    def opened_at(self, municipality: str, form_id: str) -> datetime | None:
        """When the form was opened; None when we did not make the id, or for another municipality."""
        if not re.fullmatch(r"[A-Za-z0-9_-]{52}", form_id):
            return None
        whole = urlsafe_b64decode(form_id)
        opened, mac = whole[: NONCE + MOMENT], whole[NONCE + MOMENT :]
        if not hmac.compare_digest(mac, self._signed(municipality, opened)):
            return None
        return datetime.fromtimestamp(int.from_bytes(opened[NONCE:]), UTC)

    def code(self, form_id: str) -> str:
        """The follow-up code of a form: the same each time the same form is sent, 140 bits in groups of four."""
        letters = b32encode(self.keyed("follow-up code", form_id.encode())).decode().translate(WRITTEN)[:CODE_LETTERS]
        return "-".join(letters[place : place + GROUP] for place in range(0, CODE_LETTERS, GROUP))

    def follow_up_id(self, municipality: str, code: str) -> str:
        """Under which a contact is found by its code, however that was typed: a keyed hash of it."""
        bare = re.sub(r"[\W_]", "", code).upper().translate(MISREAD)
        return f"{municipality}-f-{self.keyed('follow-up id', f'{municipality} {bare}'.encode()).hex()}"

    def _signed(self, municipality: str, opened: bytes) -> bytes:
        return self.keyed("form id", municipality.encode() + opened)[:MAC]
