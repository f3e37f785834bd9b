"""The platform with a handler that does nothing: positions and what was heard are kept in MongoDB all the same."""

import asyncio

from bench.case import CaseCalled
from bench.ours import SERVICE, listening, until_heard
from bench.peers.decoding import Asked, asked, tell
from bench.round import PARTITIONS
from shared.contracts.streams import Stream
from shared.platform import garbage
from shared.platform.bus import Bus
from shared.platform.clock import SystemClock
from shared.platform.mongo import connect
from shared.platform.service import Parts, hearing_for
from shared.platform.settings import PlatformSettings
from shared.platform.work import KEPT

DATABASE = "bench_peers"


async def hear(event: CaseCalled) -> None:
    """Nothing is done about it."""


async def run(given: Asked) -> None:
    """One lane, until all is heard."""
    bus = Bus(SERVICE)
    bus.hear(Stream(given.topic, SERVICE))(hear)
    database = connect(given.mongo_url, DATABASE)
    await database.drop()
    await database.prepare(KEPT)
    settings = PlatformSettings(environment="development", kafka_url=given.kafka_url, mongo_url=given.mongo_url)
    hearing = hearing_for(Parts(bus=bus, shelf={}), settings, database, SystemClock(), SystemClock())
    garbage.settle()
    async with listening(hearing, given.kafka_url, lanes=1, partitions=PARTITIONS):
        await until_heard(hearing, given.count)
        tell()
    await database.close()


if __name__ == "__main__":
    asyncio.run(run(asked()))
