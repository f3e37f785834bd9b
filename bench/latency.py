"""From a transaction's commit to the broker's acknowledgement of what it said, beside a bare relay."""

import asyncio
from collections.abc import Mapping, Sequence
from statistics import median, quantiles

from pydantic import BaseModel

from bench.case import SAID, CaseCalled, calls, noted, taken_in
from bench.load import create_topics
from bench.ours import Cases, KeptCases
from bench.outbox_watch import OUTBOX_WATCH
from bench.relay import Outbox, hearing_on, publishing
from bench.report import Bar
from bench.round import CASES, PARTITIONS, until
from shared.platform.desk import Desk
from shared.platform.mongo import connect
from shared.platform.work import KEPT
from stack.testing import Servers

PER_SECOND = 60
OF_BARE = 1.25
ACKNOWLEDGED_WITHIN = 0.020
WAYS: Mapping[str, tuple[str, bool]] = {
    "bare": ("bare", True),
    "ours": ("ours", True),
    "ours, said by another instance": ("ours", False),
}
"""Which relay, and whether it is told at once: another instance's relay is not, it has to look."""


class Done(BaseModel):
    """That a call was taken in."""

    calls: int


async def latencies(servers: Servers, rounds: int, seconds: float) -> list[Bar]:
    """All ways in turn, round after round."""
    await create_topic_for_latency(servers)
    found = {way: list[list[float]]() for way in WAYS}
    for number in range(1, rounds + 1):
        for way in WAYS:
            found[way].append(await latency_of(servers, way, number, seconds))
    print(f"commit to acknowledgement, {PER_SECOND} a second, {rounds} rounds of {seconds:.0f} s each:")
    for way, delays in found.items():
        print(f"  {way:<32} {spread([delay for one in delays for delay in one])}")
    return _bars(found)


async def create_topic_for_latency(servers: Servers) -> None:
    """What is said is said here, in all rounds."""
    await create_topics(servers.kafka_url, {SAID.topic: PARTITIONS})


def _bars(found: Mapping[str, Sequence[Sequence[float]]]) -> list[Bar]:
    pairs = zip(found["ours"], found["bare"], strict=True)
    ratio = median(median(ours) / median(bare) for ours, bare in pairs)
    middle = median(delay for one in found["ours"] for delay in one)
    within = f"committed to acknowledged p50 {middle * 1000:.1f} ms; under {ACKNOWLEDGED_WITHIN * 1000:.0f} ms"
    return [
        Bar(ratio <= OF_BARE, f"committed to acknowledged is {ratio:.3f} of a bare relay's; at most {OF_BARE}"),
        Bar(middle < ACKNOWLEDGED_WITHIN, within, gates=False),
    ]


async def latency_of(servers: Servers, way: str, number: int, seconds: float) -> list[float]:
    """One round of one way: seconds from commit to acknowledgement of each event. The topic is there already."""
    (relay, told), count = WAYS[way], int(seconds * PER_SECOND)
    name = f"bench_latency_{list(WAYS).index(way)}{number}"
    box, news = Outbox(servers, name, SAID.topic, count), asyncio.Event()
    database = connect(servers.mongo_url, name)
    await database.prepare([*KEPT, KeptCases.layout()])
    desk = Desk(hearing_on(servers, database, news if told else asyncio.Event()))
    try:
        async with publishing(relay, box, news):
            await until(_has_looked)
            await _say(desk, calls(count, CASES, seed=number))
            await until(_all_acknowledged)
        return OUTBOX_WATCH.delays()
    finally:
        await database.drop()
        await database.close()


async def _say(desk: Desk, made: Sequence[CaseCalled]) -> None:
    """Command after command, each at its moment, however long the one before takes."""
    loop = asyncio.get_running_loop()
    began, running = loop.time(), []
    for number, call in enumerate(made):
        await asyncio.sleep(began + number / PER_SECOND - loop.time())
        running.append(asyncio.create_task(_take_in(desk, call)))
    await asyncio.gather(*running)


async def _take_in(desk: Desk, call: CaseCalled) -> None:
    async def take_in(cases: Cases) -> Done:
        case = taken_in(await cases.get(call.case_id), call)
        cases.save(case, says=[noted(case)])
        return Done(calls=case.calls)

    await desk.do(take_in)


async def _has_looked() -> bool:
    return OUTBOX_WATCH.first_look is not None


async def _all_acknowledged() -> bool:
    return OUTBOX_WATCH.committed.keys() <= OUTBOX_WATCH.acknowledged.keys()


def spread(delays: Sequence[float]) -> str:
    """A distribution in milliseconds."""
    cut = quantiles(delays, n=100, method="inclusive")
    return f"p50 {cut[49] * 1000:7.1f} ms   p99 {cut[98] * 1000:7.1f} ms   max {max(delays) * 1000:7.1f} ms"
