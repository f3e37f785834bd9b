"""What notify hears: whom it can reach, and what they should be told."""

from datetime import datetime

from services.notify import events, rules
from services.notify.model import Message, Occasion, Recipient
from services.notify.store import HandedBefores, Messages, Recipients
from services.notify.wording.facts import (
    ContactInTrouble,
    Facts,
    MatterGiven,
    NewsInMatter,
    OfficerFound,
    TimeToProcure,
)
from services.notify.wording.texts import text_of
from shared.contracts.event import Event
from shared.contracts.intake_alarms import ContactAlarmed
from shared.contracts.intake_parties import PartyDeclared, PartyErased
from shared.contracts.notify_deliveries import MessageHandedOver
from shared.contracts.procurement_plan import TimeToProcureReached
from shared.contracts.routing_matters import MatterAssigned, MatterContactAdded
from shared.contracts.routing_officers import OfficerDeclared, OfficerErased
from shared.contracts.streams import (
    INTAKE_ALARMS,
    INTAKE_PARTIES,
    PROCUREMENT_PLAN,
    ROUTING_MATTERS,
    ROUTING_OFFICERS,
)
from shared.platform.bus import Bus
from shared.platform.cloudevents import Envelope
from shared.platform.errors import NotYet

bus = Bus("notify")


@bus.hear(INTAKE_PARTIES, about={Recipients: lambda event: event.party_id})
async def keep_party(event: PartyDeclared, recipients: Recipients) -> None:
    """A party can be reached like this now."""
    party = events.party(event)
    if party != await recipients.get(party.recipient_id):
        recipients.save(party)


@bus.hear(INTAKE_PARTIES, about={Recipients: lambda event: event.party_id})
async def forget_party(event: PartyErased, recipients: Recipients, messages: Messages, at: datetime) -> None:
    """A party must be forgotten: its name and address go, and what was written to it; open messages are given up."""
    await _forget(recipients, event.municipality, event.party_id)
    recipients.forget(event.party_id)
    for message in await messages.all_to(event.party_id):
        bare = rules.forgotten(message, at)
        if bare != message:
            messages.save(bare, says=events.closing(bare) if message.closed_at is None else [])


@bus.hear(ROUTING_OFFICERS, about={Recipients: lambda event: event.officer_id})
async def keep_officer(event: OfficerDeclared, recipients: Recipients) -> None:
    """An officer can be reached like this now."""
    officer = events.officer(event)
    if officer != await recipients.get(officer.recipient_id):
        recipients.save(officer)


@bus.hear(ROUTING_OFFICERS, about={Recipients: lambda event: event.officer_id})
async def forget_officer(event: OfficerErased, recipients: Recipients) -> None:
    """An officer has left: the address goes, and with it what was still to be sent there."""
    await _forget(recipients, event.municipality, event.officer_id)


@bus.hear(ROUTING_MATTERS, about={Recipients: lambda event: concerned(event)})
async def tell_of_assignment(
    event: MatterAssigned, recipients: Recipients, messages: Messages, envelope: Envelope, at: datetime
) -> None:
    """A matter has an officer: the officer is told why, the party who it is."""
    officer, *parties = [await _declared(recipients, one) for one in concerned(event)]
    given = MatterGiven(officer.name, event.case_type, event.matter_id, event.reason_sv, event.reason_en)
    _plan(messages, occasion(event, event.municipality, envelope), officer, given, at)
    for party in parties:
        found = OfficerFound(party.name, officer.name or officer.recipient_id, event.case_type, event.matter_id)
        _plan(messages, occasion(event, event.municipality, envelope), party, found, at)


@bus.hear(ROUTING_MATTERS, about={Recipients: lambda event: event.officer_id or ()})
async def tell_of_news(
    event: MatterContactAdded, recipients: Recipients, messages: Messages, envelope: Envelope, at: datetime
) -> None:
    """The company has contacted us again about a matter: whoever has it is told; while it waits nobody is."""
    if event.officer_id is None:
        return
    officer = await _declared(recipients, event.officer_id)
    news = NewsInMatter(officer.name, event.case_type, event.matter_id, event.contact_id)
    _plan(messages, occasion(event, event.municipality, envelope), officer, news, at)


@bus.hear(PROCUREMENT_PLAN, about={Recipients: lambda event: event.owner_id})
async def tell_of_time_to_procure(
    event: TimeToProcureReached, recipients: Recipients, messages: Messages, envelope: Envelope, at: datetime
) -> None:
    """It is time to procure what a contract covers: its owner is told, and by which rule."""
    owner = await _declared(recipients, event.owner_id)
    facts = TimeToProcure(
        name=owner.name,
        contract_id=event.contract_id,
        title=event.title,
        ends_on=event.ends_on,
        start_procuring_on=event.start_procuring_on,
        rule=event.rule,
        rule_source=event.rule_source,
        rule_verified=event.rule_verified,
    )
    _plan(messages, occasion(event, event.municipality, envelope), owner, facts, at)


@bus.hear(INTAKE_ALARMS)
async def tell_of_alarm(
    event: ContactAlarmed, recipients: Recipients, messages: Messages, envelope: Envelope, at: datetime
) -> None:
    """A contact needs help at the reception: the coordinators are told. It waits until somebody can be."""
    told = rules.alarmed(await recipients.hearing_alarms(event.municipality))
    if not told:
        raise NotYet(f"{event.municipality}-o-coordinator")
    for coordinator in told:
        alarm = ContactInTrouble(
            name=coordinator.name,
            contact_id=event.contact_id,
            number=event.number,
            kind=event.kind,
            case_types=tuple(event.case_types),
            answer_by=event.answer_by,
            bounces=event.bounces,
            municipality=event.municipality,
        )
        _plan(messages, occasion(event, event.municipality, envelope), coordinator, alarm, at)


@bus.recall
async def remember_handed_over(event: MessageHandedOver, before: HandedBefores) -> None:
    """What a restore has lost was handed over nevertheless: it is not handed over again."""
    before.save(events.handed_before(event))


def concerned(event: MatterAssigned) -> list[str]:
    """Whom an assignment concerns: the officer, and the party when there is one."""
    return [event.officer_id] if event.party_id is None else [event.officer_id, event.party_id]


def occasion(event: Event, municipality: str, envelope: Envelope) -> Occasion:
    """The event as the reason of a message."""
    correlation = envelope.correlationid or envelope.id
    about = municipality, envelope.id, event.subject, envelope.sequence or 0
    return Occasion(*about, correlation, envelope.traceparent, getattr(event, "contact_id", None))


def _plan(messages: Messages, why: Occasion, recipient: Recipient, facts: Facts, at: datetime) -> Message | None:
    """One message, unless the recipient cannot be reached."""
    channel = rules.channel_to(recipient)
    if channel is None:
        return None
    message = rules.planned(why, recipient, channel, text_of(facts, recipient.language), at)
    messages.save(message, says=[events.planned(message)])
    return message


async def _forget(recipients: Recipients, municipality: str, recipient_id: str) -> None:
    forgotten = Recipient.forgotten(municipality, recipient_id)
    if forgotten != await recipients.get(recipient_id):
        recipients.save(forgotten)


async def _declared(recipients: Recipients, recipient_id: str) -> Recipient:
    recipient = await recipients.get(recipient_id)
    if recipient is None:
        raise NotYet(recipient_id)
    return recipient
