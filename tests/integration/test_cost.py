"""What a full batch costs, counted: the same on every machine."""

from collections import Counter
from typing import Any

import pytest
from pymongo import monitoring

from shared.platform.mongo import connect
from shared.platform.vault import KEYS
from shared.platform.work import KEPT
from stack.mongo import Mongo
from tests.conftest import fresh_name
from tests.intake.settled import Intake, contact, record
from tests.platform.counting_service import INBOX_TYPE, Counting, KeptWalks, own, stepped

pytestmark = pytest.mark.servers

FULL, WITHIN, OF_INTAKE = 500, 9, 13
NOT_COUNTED = ("hello", "endSessions", "killSessions", "findAndModify", "create", "createIndexes", "listCollections")


class Commands(monitoring.CommandListener):
    """Counts the commands that reach MongoDB."""

    def __init__(self) -> None:
        self.names: Counter[str] = Counter()
        self.of_keys: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.names[event.command_name] += 1
        united = [stage["$unionWith"]["coll"] for stage in event.command.get("pipeline", ()) if "$unionWith" in stage]
        if KEYS.name in (event.command.get(event.command_name), *united):
            self.of_keys.append(event.command_name)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Counted already."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Counted already."""


def inbound(number: int) -> Any:
    body = {"municipality": "1460", "walker": f"1460-{number % 100}", "steps": 1}
    record = own("inbox.watch.v1", INBOX_TYPE, "x", 1, body, {"ce_id": str(number).encode(), "ce_source": b"/watch"})
    headers = [one for one in record.headers if one[0] not in ("ce_sequence", "ce_epoch")]
    return record._replace(headers=headers, key=str(number % 50).encode())


@pytest.mark.parametrize("kind", ["own stream", "inbox"])
async def test_a_full_batch_costs_at_most_nine_commands(mongo_server: Mongo, kind: str) -> None:
    commands = Commands()
    monitoring.register(commands)
    database = connect(mongo_server.url, fresh_name())
    try:
        await database.prepare([*KEPT, KeptWalks.layout()])
        service = Counting(database)
        batch, _ = await service.consumer()
        own_stream = [stepped(f"1460-{n % 100}", n // 100 + 1) for n in range(FULL)]
        records = service.put(*(own_stream if kind == "own stream" else map(inbound, range(FULL))))
        commands.names.clear()
        await batch.take(records)
        counted = {name: count for name, count in commands.names.items() if name not in NOT_COUNTED}
        assert sum(counted.values()) <= WITHIN, counted
        assert sum(row["total"] for row in await service.rows("walks")) == FULL
    finally:
        await database.drop()
        await database.close()


@pytest.mark.parametrize("company", [None, {"organisation_number": "556016-0680", "name": "Bolaget AB"}])
async def test_a_full_batch_of_what_is_sealed_asks_once_for_keys_and_writes_them_once(
    mongo_server: Mongo, company: dict[str, str] | None
) -> None:
    commands = Commands()
    monitoring.register(commands)
    database = connect(mongo_server.url, fresh_name())
    try:
        intake = Intake(database)
        await database.prepare([*KEPT, KEYS, *(store.layout() for store in intake.hearing.shelf.values())])
        calls = [contact(reference=str(n), company=company, person={"name": "Bo"}) for n in range(FULL)]
        for first in (0, FULL):
            commands.names.clear()
            commands.of_keys.clear()
            await intake.hear(*(record(one, str(first + n), first + n) for n, one in enumerate(calls)))
            counted = {name: count for name, count in commands.names.items() if name not in NOT_COUNTED}
            assert commands.of_keys == ["aggregate", "insert"]
            assert sum(counted.values()) <= OF_INTAKE, counted
        assert await database.count("contacts", {}) == 2 * FULL
        assert await database.count(KEYS.name, {}) == 2 * FULL + (2 if company else 2 * FULL)
    finally:
        await database.drop()
        await database.close()
