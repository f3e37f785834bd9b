"""The one way in: whatever the door, an arrival becomes one contact, once."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.intake import events
from services.intake.classifying import Classifying, suggested
from services.intake.linking import Linking, linked
from services.intake.model.contact import Arrival, Contact, ContactState
from services.intake.model.party import Party
from services.intake.rules import finding
from services.intake.rules import ids as named
from services.intake.rules import registration as rules
from services.intake.rules.arrival_day import WorkingDays, day_of
from services.intake.rules.classification import week_id
from services.intake.rules.ids import PartyIds
from services.intake.rules.linking import thread_id
from services.intake.rules.promises import Promises, owing
from services.intake.rules.registration import Exemptions
from services.intake.rules.tallies import outcome_of, tally_ids, week_of
from services.intake.store.contacts import Contacts
from services.intake.store.parties import Parties
from services.intake.store.series import AllSeries
from services.intake.store.suggestion_weeks import SuggestionWeeks
from services.intake.store.tallies import Tallies
from services.intake.store.threads import Threads
from services.intake.store.uploads import Uploads
from shared.contracts.refusal import Invalid
from shared.platform.desk import Early
from shared.platform.errors import TryAgain


@dataclass(frozen=True, slots=True)
class Registers:
    """What registering writes in: one unit's contacts, parties, series, uploads, tallies, and what links contacts."""

    contacts: Contacts
    parties: Parties
    series: AllSeries
    uploads: Uploads
    ids: PartyIds
    days: WorkingDays
    linking: Linking
    exemptions: Exemptions
    tallies: Tallies
    promises: Promises
    classifying: Classifying


def early_of(arrival: Arrival, ids: PartyIds, at: datetime) -> Early:
    """What registering it will look at. Invalid for a wrong organisation number."""
    party_id = named.party_id_of(arrival, ids)
    linkable = arrival.case_types if arrival.names_company else ()
    return {
        Contacts: [named.contact_id_of(arrival)],
        Parties: named.everybody_in(arrival, ids),
        AllSeries: [rules.series_id_of(arrival.municipality, at)],
        Threads: [thread_id(arrival.municipality, party_id, one) for one in linkable],
        Tallies: tally_ids(arrival.municipality, week_of(at), arrival.channel, "desk", arrival.case_types).values(),
        SuggestionWeeks: [week_id(arrival.municipality, week_of(at))] if arrival.case_types else [],
    }


async def register(arrival: Arrival, registers: Registers, at: datetime) -> Contact:
    """The contact that an arrival becomes, with the next number; the same arrival again is the contact it became.

    Invalid for a wrong organisation number, a company id that nobody has, or what is not trivial.
    """
    known = await registers.contacts.get(named.contact_id_of(arrival))
    if known is not None:
        return known
    if arrival.trivial is not None:
        rules.refuse_unless_trivial(arrival, registers.exemptions, at)
    await _keep_attachments(arrival, registers.uploads)
    party_id = await _keep_party(arrival, registers)
    speaker_id = await _keep_speaker(arrival, party_id, registers)
    number = await _next_number(arrival, registers.series, at)
    taken_down = rules.taken_down(arrival, party_id, speaker_id, number, registers.days, at)
    taken_down = await suggested(taken_down, registers.classifying, at)
    contact = owing(taken_down, registers.promises, registers.days)
    if contact.state is ContactState.HANDED_OVER:
        contact = await linked(contact, registers.linking, at)
    await _tell_answered(contact, registers.contacts)
    await registers.tallies.count(outcome_of(None, contact, "desk"))
    registers.contacts.save(contact, says=[events.registered(contact), *events.linked(contact)])
    return contact


async def _tell_answered(contact: Contact, contacts: Contacts) -> None:
    """The contact that it answers shows it."""
    answered = await contacts.get(contact.in_reply_to) if contact.in_reply_to else None
    if answered is not None:
        contacts.save(replace(answered, replies=(*answered.replies, contact.contact_id)))


async def _keep_attachments(arrival: Arrival, uploads: Uploads) -> None:
    """From now on they are the contact's; TryAgain when one has waited so long that its bytes are going."""
    for attachment in arrival.attachments:
        if attachment.kept_out is None:
            upload = await uploads.get(attachment.attachment_id)
            if upload is None or upload.going:
                raise TryAgain("an attachment must be taken in anew")
            uploads.drop(upload.upload_id)


async def _keep_party(arrival: Arrival, registers: Registers) -> str | None:
    party_id = named.party_id_of(arrival, registers.ids)
    if party_id is None:
        return None
    before = await registers.parties.known(party_id)
    if before is None and party_id == arrival.company_id:
        raise Invalid("no-such-company", *named.UNKNOWN_COMPANY, named.COMPANY_ID)
    party = _findable(rules.party_of(arrival, party_id, before), arrival, registers)
    if party != before:
        registers.parties.save(party, says=[events.declared(party)] if _tells_more(party, before) else [])
    return party_id


def _findable(party: Party, arrival: Arrival, registers: Registers) -> Party:
    """The party as it is found from now on."""
    return finding.findable(party.contacted(day_of(arrival.received_at)), registers.ids.printed)


def _tells_more(party: Party, before: Party | None) -> bool:
    """Whether others need to hear it: what they hear of a party is not all that is kept."""
    return before is None or events.declared(party) != events.declared(before)


async def _keep_speaker(arrival: Arrival, party_id: str | None, registers: Registers) -> str | None:
    if party_id is None or not arrival.names_company or arrival.speaker.is_nobody:
        return None
    speaker_id = named.speaker_id_of(party_id, arrival.speaker, arrival.municipality)
    before = await registers.parties.known(speaker_id)
    speaker = _findable(rules.speaker_of(arrival, speaker_id, party_id, before), arrival, registers)
    if speaker != before:
        registers.parties.save(speaker)
    return speaker_id


async def _next_number(arrival: Arrival, all_series: AllSeries, at: datetime) -> str:
    series = rules.next_in(await all_series.get(rules.series_id_of(arrival.municipality, at)), arrival, at)
    all_series.save(series)
    return series.number
