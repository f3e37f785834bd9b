"""What a full batch costs, counted: the same on every machine."""

from collections import Counter
from typing import Any

import pytest
from pymongo import monitoring

from shared.platform.mongo import connect
from shared.platform.work import KEPT
from stack.mongo import Mongo
from tests.conftest import fresh_name
from tests.platform.counting_service import INBOX_TYPE, Counting, KeptWalks, own, stepped

pytestmark = pytest.mark.servers

FULL, WITHIN = 500, 9
NOT_COUNTED = ("hello", "endSessions", "killSessions", "findAndModify", "create", "createIndexes", "listCollections")


class Commands(monitoring.CommandListener):
    """Counts the commands that reach MongoDB."""

    def __init__(self) -> None:
        self.names: Counter[str] = Counter()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.names[event.command_name] += 1

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
