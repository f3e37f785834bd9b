"""When something may be erased, what goes then, and what the archive law keeps."""

from collections.abc import Iterable
from datetime import datetime

from services.intake.model.contact import Contact, ContactState
from services.intake.model.disposal import Holds, LegalHold, is_held
from services.intake.model.party import Party
from shared.contracts.refusal import Refused

PERSONAL = ("name", "e_mail", "phone", "role", "organisation_number", "company_name")
HELD = (
    "Det finns ett gallringsstopp: häv det först, med skäl.",
    "There is a legal hold: lift it first, with a reason.",
)
HELD_ALREADY = ("Det finns redan ett gallringsstopp.", "There is a legal hold already.")
NOT_HELD = ("Det finns inget gallringsstopp.", "There is no legal hold.")
AT_RECEPTION = (
    "Kontakten väntar ännu på svar i receptionen.",
    "The contact still waits for an answer at the reception.",
)
WHY_KEPT_SV = (
    "Kontakterna är allmänna handlingar och bevaras (arkivlagen 3 §; dataskyddsförordningen artikel 17.3 b och d). De "
    "gallras med egna gallringsbeslut (arkivlagen 10 §)."
)
WHY_KEPT_EN = (
    "The contacts are public records and are kept (Archives Act, section 3; General Data Protection Regulation, "
    "article 17.3 b and d). They are disposed of by decisions of their own (Archives Act, section 10)."
)


def one_more(holds: Holds, hold: LegalHold) -> Holds:
    """The holds with one that begins; Refused while one is on."""
    if is_held(holds):
        raise Refused("held-already", *HELD_ALREADY)
    return (*(holds or ()), hold)


def all_lifted(holds: Holds, at: datetime, by: str, because: str) -> Holds:
    """The holds, with the one that is on lifted; Refused when none is."""
    if not is_held(holds):
        raise Refused("not-held", *NOT_HELD)
    return tuple(hold.lifted(at, by, because) for hold in holds or ())


def insist_not_held(all_holds: Iterable[Holds]) -> None:
    """Refused while one of these holds is on."""
    if any(is_held(holds) for holds in all_holds):
        raise Refused("legal-hold", *HELD)


def insist_disposable(contact: Contact, party: Party | None) -> None:
    """Refused while the contact, or whoever it is from, is held, or somebody still waits for an answer."""
    insist_not_held([contact.holds, party.holds if party else None])
    if contact.state is ContactState.AT_RECEPTION:
        raise Refused("still-at-reception", *AT_RECEPTION)


def what_goes(party: Party) -> list[str]:
    """The members of a party that an erasure takes: their names, not what they say."""
    return [name for name in PERSONAL if getattr(party, name) is not None]
