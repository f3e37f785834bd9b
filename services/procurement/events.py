"""Translations: from what others publish to what was signed, and from what procurement keeps to what it says."""

from collections.abc import Sequence

from services.procurement.model import Contract, Money, Option, Signed
from services.procurement.rules import PartyIds, contract_id_of, officer_id_of
from shared.contracts.inbox import ContractSigned
from shared.contracts.inbox import Option as SaidOption
from shared.contracts.members import Amount
from shared.contracts.procurement_contracts import ContractRegistered
from shared.contracts.procurement_plan import TimeToProcureReached


def signed(event: ContractSigned, municipality: str, publisher: str, ids: PartyIds) -> Signed:
    """What another system has signed; Invalid with a pointer when a number in it is wrong."""
    supplier = event.supplier
    return Signed(
        municipality=municipality,
        contract_id=contract_id_of(municipality, publisher, event.reference),
        reference=event.reference,
        title=event.title,
        owner_id=officer_id_of(municipality, event.owner_id),
        ends_on=event.ends_on,
        department=event.department,
        cpv=event.cpv,
        supplier_party_id=ids.of(municipality, supplier.organisation_number) if supplier else None,
        starts_on=event.starts_on,
        options=_options(event.options),
        notice_months=event.notice_months,
        value=_money(event.value),
        ceiling=_money(event.ceiling),
    )


def _options(said: Sequence[SaidOption]) -> tuple[Option, ...]:
    return tuple(Option(one.until, one.notice_by) for one in said)


def _money(said: Amount | None) -> Money | None:
    return None if said is None else Money(said.amount, said.currency)


def registered(contract: Contract) -> ContractRegistered:
    """A contract is kept, with the day by which procuring must start and why."""
    told, start = contract.signed, contract.start
    return ContractRegistered(
        municipality=contract.municipality,
        contract_id=contract.contract_id,
        reference=told.reference,
        title=told.title,
        department=told.department,
        cpv=told.cpv,
        supplier_party_id=told.supplier_party_id,
        owner_id=told.owner_id,
        starts_on=told.starts_on,
        ends_on=told.ends_on,
        start_procuring_on=start.on,
        lead_days=start.lead_days,
        rule=start.rule,
        rule_source=start.source,
        rule_verified=start.verified,
    )


def reached(contract: Contract) -> TimeToProcureReached:
    """It is time to procure; ValueError for a contract whose day has not come."""
    if contract.reached_at is None:
        raise ValueError("the day has not come")
    return TimeToProcureReached(
        municipality=contract.municipality,
        contract_id=contract.contract_id,
        title=contract.signed.title,
        owner_id=contract.signed.owner_id,
        ends_on=contract.signed.ends_on,
        start_procuring_on=contract.start.on,
        reached_at=contract.reached_at,
        rule=contract.start.rule,
        rule_source=contract.start.source,
        rule_verified=contract.start.verified,
    )
