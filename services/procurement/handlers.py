"""What procurement hears, contracts, and what it promises: nobody starts to procure too late for want of a word."""

from datetime import datetime

from services.procurement import events, rules
from services.procurement.model import Contract
from services.procurement.rules import Calendar, PartyIds
from services.procurement.store import Contracts
from shared.contracts.inbox import ContractSigned
from shared.contracts.streams import INBOX
from shared.platform.bus import Bus
from shared.platform.handlers import Origin

bus = Bus("procurement")


@bus.hear(INBOX)
async def register_contract(
    event: ContractSigned, contracts: Contracts, calendar: Calendar, ids: PartyIds, origin: Origin, at: datetime
) -> None:
    """A system has signed a contract, or tells of it anew: it is kept, with the day procuring must start."""
    signed = events.signed(event, origin.municipality, origin.publisher or "", ids)
    before = await contracts.get(signed.contract_id)
    contract = rules.kept(signed, before, calendar, at)
    if contract != before:
        contracts.save(contract, says=[events.registered(contract)])


@bus.when_due(Contracts)
async def say_time_to_procure(contract: Contract, contracts: Contracts, at: datetime) -> None:
    """The day has come, today or while we were away: it is said once."""
    reached = contract.reached(at)
    contracts.save(reached, says=[events.reached(reached)])
