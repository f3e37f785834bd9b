"""What is loaded before anybody asks for it: an error ends it, and leaves nothing behind that nobody awaits."""

import gc
import os

import pytest

from shared.platform.early import loading
from shared.platform.errors import TryAgain
from shared.platform.memory import MemoryDatabase, MemoryTransaction
from shared.platform.outbox import Voice
from shared.platform.unit import Unit
from shared.platform.vault import Vault
from tests.platform.counting_service import AT, KeptWalks, Walks


async def test_in_a_transaction_that_fails_nothing_is_left_that_nobody_awaits(
    recwarn: pytest.WarningsRecorder,
) -> None:
    database = MemoryDatabase()
    transaction = MemoryTransaction(database)
    unit = Unit(transaction, {Walks: KeptWalks}, {}, Voice("walking", 1, AT), Vault(["x" * 40], os.urandom))
    database.away = True
    with pytest.raises(TryAgain):
        await transaction.together(*loading(unit, {Walks: ["1460-a"], KeptWalks: ["1460-b"]}))
    gc.collect()
    assert [str(one.message) for one in recwarn.list] == []
