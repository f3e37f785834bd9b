"""The race: the same events for each peer, let go by one shot when its consumer has its partitions."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from bench.load import delete_topics, loaded
from bench.ours import SERVICE
from bench.round import CASES, PARTITIONS, SETTLED, STUCK_AFTER, until
from stack.places import ROOT
from stack.process import leashed
from stack.testing import Servers

THEIR_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
PEERS = {
    "aiokafka": "aiokafka alone",
    "ours": "ours, a handler that does nothing",
    "arroyo": "sentry-arroyo",
    "quix": "Quix Streams",
}
IN_THEIR_PLACE = frozenset({"arroyo", "quix"})


async def race_of_peers(servers: Servers, rounds: int, count: int) -> None:
    """All in turn, round after round. Nothing here gates: they promise different things."""
    able = [peer for peer in PEERS if peer not in IN_THEIR_PLACE or THEIR_PYTHON.exists()]
    if len(able) < len(PEERS):
        print("Quix Streams and arroyo are not installed (`make bench` does it): their lines are missing.")
    rates = {peer: list[float]() for peer in able}
    for number in range(1, rounds + 1):
        for peer in able:
            rates[peer].append(await _round(servers, peer, number, count))
    print(f"consume and decode, {count} events, one process, medians of {rounds} rounds:")
    for peer, found in rates.items():
        print(f"  {PEERS[peer]:<36}{median(found):8.0f} events/s")


async def _round(servers: Servers, peer: str, number: int, count: int) -> float:
    topic = f"bench.peer.{peer}{number}.v1"
    group = SERVICE if peer == "ours" else f"bench-{peer}{number}"
    load = await loaded(servers.kafka_url, topic, count, CASES, PARTITIONS)
    admin = AdminClient({"bootstrap.servers": servers.kafka_url, "log_level": 2})

    async def has_all() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{PEERS[peer]} ended before it began")
        return await asyncio.to_thread(_assigned, admin, group) == PARTITIONS

    with _running(servers, peer, topic, group, count) as process:
        await until(has_all)
        await asyncio.sleep(SETTLED)
        fired = await load.fire()
        async with asyncio.timeout(STUCK_AFTER):
            ended = await asyncio.to_thread(_told, process)
    await delete_topics(servers.kafka_url, [topic])
    return count / (ended - fired)


def _assigned(admin: AdminClient, group: str) -> int:
    try:
        described = admin.describe_consumer_groups([group], request_timeout=10)[group].result()
    except KafkaException:
        return 0  # a group has no coordinator before its first member
    return sum(len(member.assignment.topic_partitions) for member in described.members)


@contextmanager
def _running(servers: Servers, peer: str, topic: str, group: str, count: int) -> "Iterator[subprocess.Popen[str]]":
    python = THEIR_PYTHON if peer in IN_THEIR_PLACE else Path(sys.executable)
    told = {"kafka-url": servers.kafka_url, "mongo-url": servers.mongo_url, "topic": topic, "group": group}
    options = [part for name, value in told.items() for part in (f"--{name}", value)]
    command = [str(python), "-W", "ignore", "-m", f"bench.peers.{peer}", *options, "--count", str(count)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        leashed(command), cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _told(process: "subprocess.Popen[str]") -> float:
    """The moment that the peer told."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError("a peer ended before it was done")
    return float(line)
