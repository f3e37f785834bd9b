"""A relay in a process of its own that stops itself once, at a chosen step, as a machine does that is paused there.

`python -m tests.integration.stopping_relay MONGO_URL DATABASE KAFKA_URL SERVICE STEP`
"""

import asyncio
import logging
import os
import signal
import sys
from typing import Any

from aiokafka import AIOKafkaProducer

from shared.platform.clock import SystemClock
from shared.platform.database import Document
from shared.platform.leases import Lease
from shared.platform.mongo import connect
from shared.platform.relay import Relay
from tests.platform.counting_service import Counting

STEPS = ("in hand", "half sent", "committed")


class StoppingRelay(Relay):
    """Stops with what it has read in hand, when half of it is with the broker, or when only forgetting it is left."""

    step = ""
    sends = 0

    async def _publish(self, producer: AIOKafkaProducer, waiting: list[Document]) -> None:
        if self.step == "in hand":
            self._stop()
        self.sends = len(waiting)
        await super()._publish(producer, waiting)

    async def _send(self, producer: AIOKafkaProducer, said: Document) -> Any:
        sent = await super()._send(producer, said)
        self.sends -= 2
        if self.step == "half sent" and self.sends <= 0:
            await producer.flush()
            self._stop()
        return sent

    async def _forget(self, published: list[Document]) -> None:
        if self.step == "committed":
            self._stop()
        await super()._forget(published)

    def _stop(self) -> None:
        self.step = ""
        os.kill(os.getpid(), signal.SIGSTOP)


async def main(mongo_url: str, database: str, kafka_url: str, service: str, step: str) -> None:
    """Relay until killed."""
    logging.basicConfig(stream=sys.stdout, format="%(name)s %(message)s %(reason)s", level=logging.WARNING)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    counting = Counting(connect(mongo_url, database))
    counting.hearing.service = service
    lease = Lease(counting.database, "relay", "the paused", SystemClock(), counting.hearing.metrics)
    relay = StoppingRelay(counting.hearing, kafka_url, lease)
    relay.step = step
    await relay.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
