"""A mail that was taken in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """That a mail has come, and which contact it became (mottaget mejl): by it a repeat and an answer are recognised.

    `mail_id` is made of a keyed hash of its Message-ID and tells nothing of it.
    """

    municipality: str
    mail_id: str
    contact_id: str
