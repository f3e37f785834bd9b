"""procurement's doors: register a contract, see one and why its day is that day, list them."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.procurement import events, rules
from services.procurement.model import Contract, Rulebook
from services.procurement.rules import Holidays, PartyIds
from services.procurement.store import Contracts
from shared.contracts.inbox import ContractSigned, Option
from shared.contracts.members import Amount, Company, Cpv, Day, Title
from shared.contracts.refusal import Unknown
from shared.platform.once import Once
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.body import WholeNumber
from shared.platform.web.doors import IdempotencyKey
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Municipality, Person, allowed

Buyer = Annotated[Person, Depends(allowed("buyer"))]
Staff = Annotated[Person, Depends(allowed("buyer", "officer", "coordinator", "manager"))]
# What people write, in words that every reader of our document understands: less than an inbox takes.
REFERENCE = "^[ -~\u00a1-\u024f\u2010-\u2027]+$"
OWNER = "^[!-~\u00c0-\u00ff]+$"


class ContractAsked(BaseModel):
    """A contract to register, in the words of contract-signed: reference, title, owner and last day are enough."""

    reference: str = Field(max_length=200, pattern=REFERENCE, examples=["KS 2023/42"])
    title: Title = Field(examples=["Lokalvård i kommunens förskolor"])
    owner_id: str = Field(max_length=190, pattern=OWNER, examples=["lind"])
    ends_on: Day = Field(examples=["2027-08-31"])
    department: str | None = Field(None, max_length=200)
    cpv: Cpv | None = Field(None, examples=["90919200-4"])
    supplier: Company | None = None
    starts_on: Day | None = None
    options: list[Option] = Field(default_factory=list, max_length=100)
    notice_months: Annotated[WholeNumber, Field(ge=0)] | None = None
    value: Amount | None = None
    ceiling: Amount | None = None


class ReasonShown(BaseModel):
    """One step of the explanation, with the source of its number and whether somebody has read it in the law."""

    model_config = ConfigDict(from_attributes=True)

    sv: str
    en: str
    source: str | None
    verified: bool | None


class ContractShown(BaseModel):
    """A contract, with the day by which procuring anew must start."""

    model_config = ConfigDict(from_attributes=True)

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
    registered_at: datetime
    registered_by: str
    reached_at: datetime | None = Field(description="When it was told that it is time to procure.")


class ContractInFull(ContractShown):
    """A contract with all that is kept of it, and why its day is that day."""

    options: list[Option]
    notice_months: int | None
    value: Amount | None
    ceiling: Amount | None
    because: list[ReasonShown]


router = APIRouter(tags=["contracts"])


@router.post("/{municipality}/contracts", status_code=201)
async def register_contract(
    municipality: Municipality, asked: ContractAsked, person: Buyer, desk: AtDesk, key: IdempotencyKey = None
) -> ContractInFull:
    """Register a contract. The same reference again is the same contract, as it is now; unchanged, nothing happens."""
    told = ContractSigned.model_validate(asked.model_dump())
    signed = events.signed(told, municipality, publisher="", by=person.id)

    async def register(
        contracts: Contracts, ids: PartyIds, book: Rulebook, holidays: Holidays, at: datetime
    ) -> ContractInFull:
        before = await contracts.get(rules.contract_id_of(signed))
        contract = rules.registered(signed, ids, book, holidays, at).following(before, at)
        if contract != before:
            contracts.save(contract, says=[events.registered(contract)])
        return in_full(contract)

    return await desk.do(register, Once.under(key, municipality, person.id, "contracts", asked))


@router.get("/{municipality}/contracts/{contract_id}")
async def see_contract(municipality: Municipality, contract_id: str, _: Staff, desk: AtDesk) -> ContractInFull:
    """One contract, and why procuring must start on its day."""

    async def see(contracts: Contracts) -> Contract | None:
        return await contracts.get(contract_id)

    contract = await desk.ask(see)
    if contract is None or contract.municipality != municipality:
        raise Unknown("no-such-contract", "Avtalet finns inte.", "There is no such contract.")
    return in_full(contract)


@router.get("/{municipality}/contracts")
async def list_contracts(
    municipality: Municipality, _: Staff, page: Annotated[Page, Depends(paged(str, str))], desk: AtDesk
) -> Listing[ContractShown]:
    """Contracts by the day on which procuring must start, the soonest first."""

    async def soonest(contracts: Contracts) -> list[Contract]:
        return await contracts.by_start(municipality, page.after, page.limit + 1)

    listed = [ContractShown.model_validate(contract) for contract in await desk.ask(soonest)]
    return page.listing(listed, key=lambda one: (one.start_procuring_on.isoformat(), one.contract_id))


def in_full(contract: Contract) -> ContractInFull:
    """A contract as the buyer sees it."""
    return ContractInFull.model_validate(contract, from_attributes=True)
