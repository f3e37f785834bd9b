"""When a new contact is about the same as an open one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from services.intake.model.contact import Contact, ContactState
from services.intake.model.link import Link, LinkingRule, Thread
from services.intake.rules.arrival_day import day_of
from services.intake.rules.ids import made_id
from services.intake.rules.in_force import Rows
from shared.contracts.refusal import Unknown

ALL_TYPES = "*"
NO_LINK = ("Kontakten har ingen sådan koppling.", "The contact has no such link.")


class LinkingRules(Rows[LinkingRule]):
    """The linking rules (kopplingsregler), by case type."""

    def days(self, municipality: str, case_type: str, at: datetime) -> int:
        """For how many days contacts of this type are linked; 0 when never."""
        day = day_of(at)
        rule = self.in_force(municipality, case_type, day) or self.in_force(municipality, ALL_TYPES, day)
        return 0 if rule is None else rule.days


def thread_id_of(contact: Contact, case_type: str) -> str:
    """The thread that a contact belongs to for a case type."""
    return thread_id(contact.municipality, contact.party_id, case_type)


def thread_id(municipality: str, party_id: str | None, case_type: str) -> str:
    """The id of the one thread of a company and a case type."""
    return made_id(municipality, "t", party_id or "", case_type)


def thread_of(contact: Contact, case_type: str) -> Thread:
    """The thread that a contact begins."""
    thread_id = thread_id_of(contact, case_type)
    return Thread(contact.municipality, thread_id, case_type, contact.contact_id, contact.registered_at)


def link_to(thread: Thread, first: Contact | None, days: int, at: datetime) -> Link | None:
    """The link to the contact that began the thread; None when that is not open, or too long ago."""
    if first is None or first.state is ContactState.ANSWERED or at - thread.begun_at > timedelta(days=days):
        return None
    return Link(thread.contact_id, thread.case_type, thread.begun_at, days, at)


def links_of_answer(answer: Contact, answered: Contact, at: datetime) -> tuple[Link, ...] | None:
    """The links of an answer: to the contact that opened the matters which the answered one is about."""
    if answered.state not in (ContactState.HANDED_OVER, ContactState.TAKEN):
        return None
    joined = {link.case_type: link for link in live_links(answered)}
    own = dict.fromkeys(answered.case_types, (answered.contact_id, answered.registered_at))
    began = {**own, **{one: (link.contact_id, link.begun_at) for one, link in joined.items()}}
    return tuple(
        Link(*began[one][:1], one, began[one][1], (at - began[one][1]).days + 1, at)
        for one in answer.case_types
        if one in began
    )


def live_links(contact: Contact) -> Iterator[Link]:
    """The links of a contact that nobody has undone."""
    return (link for link in contact.links or () if link.unlinked is None)


def linked_types(contact: Contact) -> list[str]:
    """The case types for which the contact opens no matter of its own."""
    return [link.case_type for link in live_links(contact)]


def without_link(contact: Contact, case_type: str, why: str, by: str, at: datetime) -> tuple[Contact, Link]:
    """The contact with its link of that case type undone, and the link; Unknown when it has none."""
    undone = next((link for link in live_links(contact) if link.case_type == case_type), None)
    if undone is None:
        raise Unknown("no-such-link", *NO_LINK)
    links = tuple(one.undone(why, by, at) if one is undone else one for one in contact.links or ())
    return replace(contact, links=links), undone
