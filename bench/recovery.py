"""Recovery: an instance is killed and started again at once; how long until each of its partitions is worked on again.

Records come in all twelve partitions of an inbox all the time. Recovered means that every partition's position, as the
database has it, lies beyond where it lay at the kill.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confluent_kafka import Producer
from pymongo import MongoClient

from bench.report import Bar
from bench.story import INBOX, contact, headers_for
from shared.platform.database import Document
from stack.instances import Instance, install
from stack.testing import Servers

WITHIN = 10.0
PER_SECOND = 60
PARTITIONS = 12
NAMES = ("a", "b")


def recovery(servers: Servers, where: Path, rounds: int) -> list[Bar]:
    """With names that stay after a restart, and without, as under `compose --scale`."""
    stable = _kills(servers, where / "stable", rounds, NAMES)
    nameless = _kills(servers, where / "nameless", rounds, ())
    print(f"recovery after kill -9 of one of two instances of intake, {rounds} kills each:")
    for name, found in (("with a stable name", stable), ("without", nameless)):
        print(f"  {name:<20} {' '.join(f'{seconds:.1f} s' for seconds in found)}")
    worst = max(stable + nameless)
    return [Bar(worst < WITHIN, f"recovered {worst:.1f} s after kill -9 at worst; under {WITHIN:.0f} s", gates=False)]


def _kills(servers: Servers, where: Path, rounds: int, stable: tuple[str, ...]) -> list[float]:
    """Each instance in turn."""
    with (
        install(servers, where, NAMES, services=["intake"], stable=stable) as whole,
        MongoClient[Document](servers.mongo_url) as client,
    ):
        positions = client["intake"].positions
        with _flowing(servers.kafka_url, where.name):
            _until_all_move(positions)
            return [_recovered(positions, whole.instances[number % len(NAMES)]) for number in range(rounds)]


def _recovered(positions: Any, instance: Instance) -> float:
    killed = time.monotonic()
    instance.kill_and_start()
    _until_all_move(positions)
    return time.monotonic() - killed


def _until_all_move(positions: Any) -> None:
    """Until each partition's position lies beyond where it lies now."""
    before, end = _stand(positions), time.monotonic() + 60
    while not _all_beyond(before, _stand(positions)):
        if time.monotonic() > end:
            raise TimeoutError("some partition stands still")
        time.sleep(0.02)


def _all_beyond(before: Mapping[str, int], now: Mapping[str, int]) -> bool:
    return len(now) == PARTITIONS and all(at > before.get(place, 0) for place, at in now.items())


def _stand(positions: Any) -> Mapping[str, int]:
    return {row["_id"]: row.get("next") or 0 for row in positions.find({"_id": {"$regex": f"^intake\\|{INBOX}"}})}


@contextmanager
def _flowing(kafka_url: str, run: str) -> Iterator[None]:
    """Records to all partitions in turn, until the block ends."""
    enough = threading.Event()
    flow = threading.Thread(target=_flow, args=(kafka_url, run, enough))
    flow.start()
    try:
        yield
    finally:
        enough.set()
        flow.join()


def _flow(kafka_url: str, run: str, enough: threading.Event) -> None:
    producer, number = Producer({"bootstrap.servers": kafka_url}), 0
    while not enough.wait(1 / PER_SECOND):
        name = f"{run}-{number}"
        partition = number % PARTITIONS
        producer.produce(INBOX, contact(name, number), partition=partition, headers=headers_for(name))
        producer.poll(0)
        number += 1
    producer.flush(10)
