"""Translations: from what others publish to what is signed, and from what procurement keeps to what it says."""

from datetime import datetime

from services.procurement.model import Amount, Contract, Option, Signed
from shared.contracts.inbox import ContractSigned
from shared.contracts.members import Amount as AmountSaid
from shared.contracts.procurement_contracts import ContractRegistered
from shared.contracts.procurement_plan import TimeToProcureReached


def signed(event: ContractSigned, municipality: str, publisher: str, by: str) -> Signed:
    """A contract as another system tells of it; the supplier's name is not taken over."""
    return Signed(
        municipality=municipality,
        publisher=publisher,
        by=by,
        reference=event.reference,
        title=event.title,
        owner_id=event.owner_id,
        ends_on=event.ends_on,
        department=event.department,
        cpv=event.cpv,
        organisation_number=event.supplier.organisation_number if event.supplier else None,
        starts_on=event.starts_on,
        options=tuple(Option(one.until, one.notice_by) for one in event.options),
        notice_months=event.notice_months,
        value=_amount(event.value),
        ceiling=_amount(event.ceiling),
    )


def registered(contract: Contract) -> ContractRegistered:
    """A contract was registered, or told anew; its value stays with us."""
    return ContractRegistered(
        municipality=contract.municipality,
        contract_id=contract.contract_id,
        reference=contract.reference,
        title=contract.title,
        department=contract.department,
        cpv=contract.cpv,
        supplier_party_id=contract.supplier_party_id,
        owner_id=contract.owner_id,
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
        start_procuring_on=contract.start_procuring_on,
        lead_days=contract.lead_days,
        rule=contract.rule,
        rule_source=contract.rule_source,
        rule_verified=contract.rule_verified,
    )


def time_to_procure(contract: Contract, at: datetime) -> TimeToProcureReached:
    """The day has come."""
    return TimeToProcureReached(
        municipality=contract.municipality,
        contract_id=contract.contract_id,
        title=contract.title,
        owner_id=contract.owner_id,
        ends_on=contract.ends_on,
        start_procuring_on=contract.start_procuring_on,
        reached_at=at,
        rule=contract.rule,
        rule_source=contract.rule_source,
        rule_verified=contract.rule_verified,
    )


def _amount(said: AmountSaid | None) -> Amount | None:
    return None if said is None else Amount(said.amount, said.currency)
