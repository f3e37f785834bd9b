"""A company has changed, says a register: its party keeps the news, and people are asked what the change needs."""

from dataclasses import replace
from datetime import datetime

from services.intake import events
from services.intake.model.company_change import CompanyChange
from services.intake.model.contact import Arrival
from services.intake.model.party import Party
from services.intake.registration import Registers, register
from services.intake.store.company_changes import CompanyChanges
from services.intake.wording.company_change import question
from shared.contracts.inbox import CompanyChanged
from shared.platform.handlers import Origin


async def take_in(
    event: CompanyChanged, changes: CompanyChanges, registers: Registers, origin: Origin, at: datetime
) -> None:
    """Once for each change, whoever tells of it and how often. Invalid for a wrong organisation number."""
    change = events.company_change(event, origin.municipality, origin.publisher or "", registers.ids, at)
    if await changes.get(change.change_id) is not None:
        return
    party = await registers.parties.known(change.party_id)
    name = event.name or (party.company_name if party else None)
    asked = question(change.kind, name, change.on, change.told_by)
    if asked is None:
        _rename(party, event.name, registers)
    else:
        contact = await register(_arrival(change, event, name, asked), registers, at)
        change = replace(change, contact_id=contact.contact_id)
    changes.save(change)


def _arrival(change: CompanyChange, event: CompanyChanged, name: str | None, wish: str) -> Arrival:
    """The question as it comes in: at the reception, for a person chooses what becomes of it."""
    return Arrival(
        municipality=change.municipality,
        key=f"company change {change.change_id}",
        by=change.told_by,
        channel="system",
        wish=wish,
        received_at=change.told_at,
        organisation_number=event.new_organisation_number or event.organisation_number,
        company_name=name,
        place=events.place(event.place),
        reference=change.reference,
        at_reception=True,
    )


def _rename(party: Party | None, name: str | None, registers: Registers) -> None:
    """A company that we know keeps its new name; one that we do not know, or have erased, stays so."""
    if party is not None and name is not None and party.organisation_number is not None:
        renamed = party.renamed(name)
        if renamed != party:
            registers.parties.save(renamed, says=[events.declared(renamed)])
