"""What procurement hears: contracts that other systems have signed; and what it promises: to tell when it is time."""

from datetime import datetime

from services.procurement import events, rules
from services.procurement.model import Contract, Rulebook
from services.procurement.rules import Holidays, PartyIds
from services.procurement.store import Contracts
from shared.contracts.inbox import ContractSigned
from shared.contracts.streams import INBOX
from shared.platform.bus import Bus
from shared.platform.handlers import Origin

bus = Bus("procurement")


@bus.hear(INBOX)
async def register_contract(
    event: ContractSigned,
    contracts: Contracts,
    ids: PartyIds,
    book: Rulebook,
    holidays: Holidays,
    origin: Origin,
    at: datetime,
) -> None:
    """Another system has signed a contract: it becomes one of ours, or ours as it is now; told unchanged, nothing."""
    publisher = origin.publisher or ""
    signed = events.signed(event, origin.municipality, publisher, by=publisher)
    before = await contracts.get(rules.contract_id_of(signed))
    contract = rules.registered(signed, ids, book, holidays, at).following(before, at)
    if contract != before:
        contracts.save(contract, says=[events.registered(contract)])


@bus.when_due(Contracts)
async def tell_that_it_is_time(contract: Contract, contracts: Contracts, at: datetime) -> None:
    """The day has come by which procuring must start: told once, however late we look."""
    contracts.save(contract.reached(at), says=[events.time_to_procure(contract, at)])
