"""procurement's doors: register a contract, see one with the reasons for its day, list them."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from services.procurement import events, rules
from services.procurement.model import Contract
from services.procurement.rules import Calendar, PartyIds
from services.procurement.store import Contracts
from shared.contracts.inbox import ContractSigned
from shared.contracts.refusal import Unknown
from shared.platform.desk import Once
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.body import WholeNumber
from shared.platform.web.doors import IdempotencyKey
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Municipality, Person, allowed

Buyer = Annotated[Person, Depends(allowed("buyer", "manager"))]


class ContractAsked(ContractSigned):
    """A contract to register: the members of contract-signed."""

    reference: str = Field(min_length=1, max_length=200, pattern=r"^[ -~À-ÿ]+$")
    owner_id: str = Field(min_length=1, max_length=190, pattern=r"^[!-~À-ÿ]+$", description="an officer's id")
    notice_months: WholeNumber | None = Field(None, ge=0, le=1_200)


class ContractShown(BaseModel):
    """A contract, with the day by which procuring must start and why that day."""

    contract_id: str
    reference: str
    title: str
    department: str | None
    cpv: str | None
    supplier_party_id: str | None
    owner_id: str
    starts_on: date | None
    ends_on: date
    start_procuring_on: date
    lead_days: int
    rule: str
    rule_source: str
    rule_verified: bool
    because_sv: str
    because_en: str
    registered_at: datetime
    reached_at: datetime | None


router = APIRouter(tags=["contracts"])


@router.post("/{municipality}/contracts", status_code=201)
async def register_contract(
    municipality: Municipality, asked: ContractAsked, person: Buyer, desk: AtDesk, key: IdempotencyKey = None
) -> ContractShown:
    """Register a contract, or tell of it anew: the same reference is the same contract."""

    async def register(contracts: Contracts, calendar: Calendar, ids: PartyIds, at: datetime) -> ContractShown:
        signed = events.signed(asked, municipality, "door", ids)
        before = await contracts.get(signed.contract_id)
        contract = rules.kept(signed, before, calendar, at)
        if contract != before:
            contracts.save(contract, says=[events.registered(contract)])
        return shown(contract)

    return await desk.do(register, Once.under(key, municipality, person.id, "contracts", asked))


@router.get("/{municipality}/contracts/{contract_id}")
async def see_contract(municipality: Municipality, contract_id: str, _: Buyer, desk: AtDesk) -> ContractShown:
    """One contract, with the reasons for its day."""

    async def see(contracts: Contracts) -> Contract | None:
        return await contracts.get(contract_id)

    contract = await desk.ask(see)
    if contract is None or contract.municipality != municipality:
        raise Unknown("no-such-contract", "Avtalet finns inte.", "There is no such contract.")
    return shown(contract)


@router.get("/{municipality}/contracts")
async def list_contracts(
    municipality: Municipality, _: Buyer, page: Annotated[Page, Depends(paged(str, str))], desk: AtDesk
) -> Listing[ContractShown]:
    """Contracts, those whose procuring must start soonest first."""

    async def soonest(contracts: Contracts) -> list[Contract]:
        return await contracts.soonest(municipality, page.after, page.limit + 1)

    listed = [shown(contract) for contract in await desk.ask(soonest)]
    return page.listing(listed, key=lambda one: (one.start_procuring_on.isoformat(), one.contract_id))


def shown(contract: Contract) -> ContractShown:
    """A contract as a buyer sees it."""
    told = events.registered(contract).model_dump(exclude={"municipality"})
    sv, en = _because(contract)
    times = {"registered_at": contract.registered_at, "reached_at": contract.reached_at}
    return ContractShown(**told, **times, because_sv=sv, because_en=en)


def _because(contract: Contract) -> tuple[str, str]:
    start, ends = contract.start, contract.signed.ends_on
    doubt = ("", "") if start.verified else (" Uppgiften är inte verifierad.", " The figure is not verified.")
    return (
        f"Slutar {ends}, minus {start.lead_days} dagar ({start.rule}: {start.source}), arbetsdag {start.on}.{doubt[0]}",
        f"Ends {ends}, less {start.lead_days} days ({start.rule}: {start.source}), working day {start.on}.{doubt[1]}",
    )
