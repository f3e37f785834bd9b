"""Translations: from the parties and officers heard of to recipients, and from messages to what is said of them."""

from services.notify import rules
from services.notify.model import HandedBefore, Message, Recipient, State
from shared.contracts.event import Event
from shared.contracts.intake_parties import PartyDeclared
from shared.contracts.notify_deliveries import MessageGivenUp, MessageHandedOver, MessagePlanned
from shared.contracts.routing_officers import OfficerDeclared

STAFF_LANGUAGE = "sv"


def party(event: PartyDeclared) -> Recipient:
    """A party as a recipient."""
    return Recipient(event.municipality, event.party_id, event.name, event.e_mail, event.language)


def officer(event: OfficerDeclared) -> Recipient:
    """An officer as a recipient."""
    hears_alarms = rules.hears_alarms(bool(event.coordinator), event.case_types)
    return Recipient(event.municipality, event.officer_id, event.name, event.e_mail, STAFF_LANGUAGE, hears_alarms)


def handed_before(event: MessageHandedOver) -> HandedBefore:
    """What we said ourselves, before a restore."""
    return HandedBefore(event.municipality, event.message_id, event.handed_over_at)


def planned(message: Message) -> MessagePlanned:
    """A message is to be sent."""
    return MessagePlanned(
        municipality=message.municipality,
        message_id=message.message_id,
        recipient_id=message.recipient_id,
        channel=message.channel,
        wording=message.wording,
        about_id=message.about_id,
        planned_at=message.planned_at,
    )


def closing(message: Message) -> list[Event]:
    """What is said when a message is done with; nothing while it is open."""
    if message.closed_at is None:
        return []
    about = {
        "municipality": message.municipality,
        "message_id": message.message_id,
        "recipient_id": message.recipient_id,
        "channel": message.channel,
    }
    if message.state is State.HANDED_OVER:
        return [MessageHandedOver(**about, attempt=message.taken_at_attempt, handed_over_at=message.closed_at)]
    return [MessageGivenUp(**about, reason=message.reason or "", given_up_at=message.closed_at)]
