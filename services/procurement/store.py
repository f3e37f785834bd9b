"""Where procurement keeps contracts: the questions first, then the collection that answers them."""

from collections.abc import Sequence
from typing import Any, Protocol

from services.procurement.model import Contract
from shared.contracts.event import Event
from shared.platform.database import Index
from shared.platform.keyset import beyond
from shared.platform.store import Store


class Contracts(Protocol):
    """The contracts (avtal) of every municipality."""

    async def get(self, contract_id: str, /) -> Contract | None:
        """One contract."""
        ...

    async def by_start(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Contract]:
        """Contracts, the soonest to procure first, after the one whose (start_procuring_on: ISO text, id) is given."""
        ...

    def save(self, contract: Contract, /, says: Sequence[Event] = ()) -> None:
        """Keep a contract and say what is to be said of it."""
        ...


class KeptContracts(Store[Contract]):
    """Contracts in MongoDB."""

    collection = "contracts"
    state = Contract
    identity = "contract_id"
    indexes = (Index((("municipality", 1), ("start_procuring_on", 1), ("_id", 1))),)

    async def by_start(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Contract]:
        """See `Contracts`."""
        query: dict[str, Any] = {"municipality": municipality, **beyond(after, "start_procuring_on", "$gt")}
        return await self.page(query, sort=(("start_procuring_on", 1), ("_id", 1)), limit=limit)
