"""What every peer is given to do: decode the envelope and the body, and tell when all are decoded.

Imports only what a peer's own environment has: pydantic.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from bench.case import CaseCalled
from shared.platform.cloudevents import decode


@dataclass(frozen=True, slots=True)
class Asked:
    """Where to listen, and for how many events."""

    kafka_url: str
    mongo_url: str
    topic: str
    group: str
    count: int


def asked() -> Asked:
    """Read it from the command line."""
    options = argparse.ArgumentParser()
    for name in ("kafka-url", "mongo-url", "topic", "group"):
        options.add_argument(f"--{name}", required=True)
    options.add_argument("--count", type=int, required=True)
    return Asked(**vars(options.parse_args()))


class Decoded:
    """Counts events as they are decoded."""

    def __init__(self, count: int) -> None:
        self.left = count

    def take(self, headers: Sequence[tuple[str, bytes]], value: bytes) -> None:
        """Decode one event; after the last one tell the moment, by the machine's clock that all processes share."""
        _, body = decode(headers, value)
        CaseCalled.model_validate_json(body or b"")
        self.left -= 1
        if self.left == 0:
            tell()


def tell() -> None:
    """Say that it is done, and when."""
    sys.stdout.write(f"{perf_counter()}\n")
    sys.stdout.flush()
