"""A contact that is handed over joins the open one about the same, or is what later ones are joined to."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.intake.model.contact import Contact
from services.intake.model.link import Link
from services.intake.rules import linking as rules
from services.intake.rules.linking import LinkingRules
from services.intake.store.contacts import Contacts
from services.intake.store.parties import Parties
from services.intake.store.threads import Threads


@dataclass(frozen=True, slots=True)
class Linking:
    """What linking reads and writes: one unit's contacts, parties and threads, and the rules."""

    contacts: Contacts
    parties: Parties
    threads: Threads
    rules: LinkingRules


async def linked(contact: Contact, linking: Linking, at: datetime) -> Contact:
    """The contact with a link for each case type of which its company has an open one; for each of the others it begins
    a thread. Call it when the contact is handed over, before it is said what it is about.
    """
    if contact.in_reply_to is not None:
        answered = await linking.contacts.get(contact.in_reply_to)
        return replace(contact, links=rules.links_of_answer(contact, answered, at) if answered else None)
    party = await linking.parties.known(contact.party_id)
    if party is None or party.kind != "company":
        return contact
    days = {one: linking.rules.days(contact.municipality, one, at) for one in contact.case_types}
    known = {link.case_type for link in contact.links or ()}  # also those that a person has undone
    wanted = [one for one in contact.case_types if days[one] > 0 and one not in known]
    await linking.threads.load(rules.thread_id_of(contact, one) for one in wanted)
    links = [link for one in wanted if (link := await _joined(contact, one, days[one], linking, at))]
    return replace(contact, links=(*(contact.links or ()), *links)) if links else contact


async def _joined(contact: Contact, case_type: str, days: int, linking: Linking, at: datetime) -> Link | None:
    thread = await linking.threads.get(rules.thread_id_of(contact, case_type))
    if thread is not None:
        if thread.contact_id == contact.contact_id:
            return None
        link = rules.link_to(thread, await linking.contacts.get(thread.contact_id), days, at)
        if link is not None:
            return link
    linking.threads.save(rules.thread_of(contact, case_type))
    return None
