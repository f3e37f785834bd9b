"""What a person would say of each event, in Swedish: the words of the demo."""

from collections.abc import Callable, Mapping
from typing import Any

Data = Mapping[str, Any]
CHANNELS = {
    "phone": "Ett samtal",
    "visit": "Ett besök",
    "web": "En e-tjänst",
    "e-mail": "Ett mejl",
    "letter": "Ett brev",
    "chat": "En chatt",
    "system": "Ett annat system",
}

ALARMS = {
    "promise-at-risk": "löftet om svar håller på att brytas",
    "promise-broken": "löftet om svar är brutet",
    "bounced": "den skickas runt",
}


def _registered(data: Data) -> str:
    types = ", ".join(data["case_types"])
    return f"{CHANNELS[data['channel']]} blev en kontakt ({types}), registrerad en gång: {_short(data['contact_id'])}."


def _referred(data: Data) -> str:
    types, by = ", ".join(data["case_types"]), data["promised_at"][:16].replace("T", " ")
    return (
        f"Receptionen lämnade över kontakten {_short(data['contact_id'])} ({types}), med löfte om svar till {by} UTC."
    )


def _answered(data: Data) -> str:
    return f"Kontakten {_short(data['contact_id'])} fick svar direkt ({data.get('card') or data['case_type']})."


def _noted(data: Data) -> str:
    return f"En tjänsteanteckning skrevs om kontakten {_short(data['contact_id'])}."


def _alarmed(data: Data) -> str:
    return f"Samordnaren larmas om kontakten {_short(data['contact_id'])}: {ALARMS[data['kind']]}."


def _declared(data: Data) -> str:
    return f"Nu vet vi hur vi når parten {_short(data['party_id'])} (uppgifterna finns bara i personströmmen)."


def _rejected(data: Data) -> str:
    reason = f"{data['reason_sv'].rstrip('.')} ({data['pointer']})"
    return f"Ett meddelande från {data['publisher']} kunde inte tas emot: {reason}."


def _officer(data: Data) -> str:
    return f"{data['name']} handlägger {', '.join(data['case_types'])}."


def _opened(data: Data) -> str:
    return f"Ett ärende öppnades ({data['case_type']}): {_short(data['matter_id'])}."


def _assigned(data: Data) -> str:
    return f"Ärendet {_short(data['matter_id'])} gick till {data['officer_id']}: {data['reason_sv'].rstrip('.')}."


def _waiting(data: Data) -> str:
    return f"Ärendet {_short(data['matter_id'])} väntar: {data['reason_sv'].rstrip('.')}."


def _contract(data: Data) -> str:
    return (
        f"Avtalet «{data['title']}» löper ut {data['ends_on']}; upphandlingen måste börja {data['start_procuring_on']} "
        f"({data['lead_days']} dagar, {data['rule']}{'' if data['rule_verified'] else ', ej verifierad uppgift'})."
    )


def _procure(data: Data) -> str:
    return f"Det är dags att upphandla «{data['title']}», som löper ut {data['ends_on']}."


def _planned(data: Data) -> str:
    return f"Ett meddelande till {_short(data['recipient_id'])} är planerat ({data['wording']})."


def _handed_over(data: Data) -> str:
    return f"Meddelandet till {_short(data['recipient_id'])} är överlämnat till e-postservern."


def _given_up(data: Data) -> str:
    return f"Meddelandet till {_short(data['recipient_id'])} gick inte att lämna: {data['reason']}."


def _parked(data: Data) -> str:
    return f"En händelse är parkerad hos {data['service']}: {data['reason']}."


SENTENCES: Mapping[str, Callable[[Data], str]] = {
    "contact-registered": _registered,
    "contact-referred": _referred,
    "contact-answered": _answered,
    "note-added": _noted,
    "contact-alarmed": _alarmed,
    "party-declared": _declared,
    "inbound-rejected": _rejected,
    "officer-declared": _officer,
    "matter-opened": _opened,
    "matter-assigned": _assigned,
    "matter-waiting": _waiting,
    "contract-registered": _contract,
    "time-to-procure-reached": _procure,
    "message-planned": _planned,
    "message-handed-over": _handed_over,
    "message-given-up": _given_up,
    "event-parked": _parked,
}


def short_type(type_: str) -> str:
    """`se.kommunkontakt.intake.contact-registered.v1` as people say it: contact-registered."""
    return type_.split(".")[-2]


def sentence(type_: str, data: Data) -> str:
    """The sentence for an event; its bare name when a newer release says something that the demo does not know."""
    words = SENTENCES.get(short_type(type_))
    return words(data) if words else f"{short_type(type_)}."


def _short(made_id: str) -> str:
    return made_id[:13] + "…" if len(made_id) > 16 else made_id
