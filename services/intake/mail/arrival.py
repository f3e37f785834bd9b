"""What a mail becomes: an arrival, the same each time the same mail comes. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.mail.message import Mail
from services.intake.model.attachment import Attachment
from services.intake.model.contact import Arrival, Contact, Speaker

ON_ITS_WAY = timedelta(days=7)
"""So long a mail server tries; a moment of receipt before that is no moment of its own."""
CONTACT = re.compile(r"<([0-9]{4}-c-[0-9]{6}-[0-9a-f]{20})@[^<>@]+>")


@dataclass(frozen=True, slots=True)
class MailIds:
    """Names mails: `keyed(purpose, text)` is a keyed hash, of letters and digits."""

    keyed: Callable[[str, str], str]

    def of(self, municipality: str, identity: str) -> str:
        """The id of a mail to this municipality, the same each time it comes."""
        return f"{municipality}-e-{self.keyed('mail', identity)}"

    def answered_by(self, mail: Mail, municipality: str) -> list[str]:
        """The ids of those that it answers, the nearest first."""
        return [self.of(municipality, identity) for identity in mail.answers]


def named_contact(mail: Mail, municipality: str) -> str | None:
    """The contact that a mail of ours in the thread has named: its `References` begin with the contact's id."""
    named = [found[1] for identity in mail.answers if (found := CONTACT.fullmatch(identity))]
    return next((one for one in named if one.startswith(f"{municipality}-")), None)


def arrival_of(
    mail: Mail,
    municipality: str,
    mail_id: str,
    attachments: Sequence[Attachment],
    answers: Contact | None,
    at: datetime,
) -> Arrival:
    """The arrival; an answer is about what the contact that it answers was about."""
    return Arrival(
        municipality=municipality,
        key=f"mail {mail_id}",
        by="mail",
        channel="e-mail",
        wish=mail.wish,
        received_at=received_at(mail, at),
        case_types=answers.case_types if answers else (),
        speaker=Speaker(name=mail.name, e_mail=mail.address),
        attachments=tuple(attachments),
        in_reply_to=answers.contact_id if answers else None,
    )


def received_at(mail: Mail, at: datetime) -> datetime:
    """When it reached the municipality's own mail server (FL 22), however long that tried; else now."""
    relayed = mail.relayed_at
    return relayed if relayed is not None and at - ON_ITS_WAY <= relayed <= at else at
