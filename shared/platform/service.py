"""A service put together: settings, database, clock, pipeline and doors; and `serve`, which runs it."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from socket import socket
from typing import Any, TypeVar

import uvicorn
from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry, ProcessCollector

from shared.contracts.catalogue import all_streams
from shared.contracts.streams import INBOX, Stream, inbox
from shared.platform import garbage, logs
from shared.platform.bus import Bus
from shared.platform.clock import Clock, SimulatedClock, SystemClock
from shared.platform.database import Database
from shared.platform.desk import Desk
from shared.platform.errors import WrongSetting
from shared.platform.files import Files
from shared.platform.handlers import Handler
from shared.platform.hearing import Hearing, Topic, full_type
from shared.platform.metrics import Metrics
from shared.platform.mongo import connect
from shared.platform.secrets import Seal
from shared.platform.settings import PlatformSettings, ServiceSettings
from shared.platform.simulation import ahead_of, development_router
from shared.platform.traces import Traces, traces_for
from shared.platform.unit import Shelf
from shared.platform.vault import Vault
from shared.platform.web.doors import Release, create_doors
from shared.platform.web.events import events_router
from shared.platform.web.keys import keys_from
from shared.platform.web.parked import inbound_router, parked_router
from shared.platform.web.who import Guard
from shared.platform.work import Work, Worker

RELEASE = Release("0.1.0", date(2026, 11, 24), "beta")
LAST_WORDS_WITHIN = 1.0
Chosen = TypeVar("Chosen", bound=ServiceSettings)


@dataclass(frozen=True)
class Parts:
    """What a service brings: its bus, its stores by Protocol, what handlers are given, its doors, its own workers."""

    bus: Bus
    shelf: Shelf
    provided: Mapping[type[Any], Any] = field(default_factory=dict)
    doors: Sequence[APIRouter] = ()
    workers: Callable[[Hearing, str], Mapping[str, Worker]] = lambda hearing, instance: {}
    release: Release = RELEASE


def topics_of(bus: Bus, settings: PlatformSettings) -> dict[str, Topic]:
    """The topics a service listens to; `inbox.*` becomes the inboxes of the publishers that say what we hear."""
    known = {stream.topic: stream for stream in all_streams()}
    topics: dict[str, Topic] = {}
    for topic, handlers in bus.heard.items():
        if topic == INBOX.topic:
            topics |= _inboxes(handlers, settings)
        else:
            topics[topic] = Topic(known.get(topic, Stream(topic, topic.partition(".")[0])), None, handlers)
    return topics


def _inboxes(handlers: Mapping[str, Handler], settings: PlatformSettings) -> dict[str, Topic]:
    heard = {
        publisher.name: publisher
        for publisher in settings.publishers
        if any(full_type(short) in handlers for short in publisher.types)
    }
    return {inbox(name).topic: Topic(inbox(name), publisher, handlers) for name, publisher in heard.items()}


def hearing_for(parts: Parts, settings: PlatformSettings, database: Database, clock: Clock, wall: Clock) -> Hearing:
    """Everything that acting on records needs, of one service."""
    return Hearing(
        service=parts.bus.service,
        database=database,
        topics=topics_of(parts.bus, settings),
        shelf=parts.shelf,
        provided={**parts.provided, Files: Files(database, clock)},
        clock=clock,
        wall=wall,
        seal=Seal(settings.secret_key, "parked", os.urandom),
        vault=vault_for(settings),
        metrics=_metrics(parts, settings),
        release=parts.release.numbers,
    )


def vault_for(settings: PlatformSettings) -> Vault:
    """The master keys: the first one wraps, and what the other one has wrapped can be read."""
    return Vault([key for key in (settings.master_key, settings.master_key_other) if key], os.urandom)


def _metrics(parts: Parts, settings: PlatformSettings) -> Metrics:
    """The service's own, and what Prometheus's client tells of a process: its memory, processor and open files.

    What alarms ask for the rise of is there from 0: Prometheus cannot see the rise of a counter that begins at 1.
    """
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    metrics = Metrics(registry)
    metrics.release.labels(parts.release.version).set(1)
    for counter in (metrics.gaps, metrics.conflicts, metrics.parked):
        counter.labels(parts.bus.service)
    for publisher in settings.publishers:
        metrics.rejected.labels(publisher.name)
    return metrics


def assemble(parts: Parts, settings: ServiceSettings, database: Database, clock: Clock, wall: Clock) -> FastAPI:
    """The service's app: its doors, with the pipeline running for as long as the app does."""
    platform, service = settings.platform, parts.bus.service
    hearing = hearing_for(parts, platform, database, clock, wall)
    instance = platform.instance or f"{os.getpid()}-{os.urandom(4).hex()}"
    hearing.traces = traces_for(platform.otlp_endpoint, service, instance, parts.release.version)
    work = Work(
        hearing,
        platform.kafka,
        parts.bus.promises,
        instance=instance,
        stable=platform.instance is not None,
        lanes=platform.lanes,
        recalls=parts.bus.recalls,
        others=parts.workers(hearing, instance),
        simulated=clock if isinstance(clock, SimulatedClock) else None,
    )
    parts.bus.wire(work)
    app = create_doors(
        service,
        [
            *parts.doors,
            parked_router(work.parking, hearing),
            *_inbound(hearing),
            *_development(clock, platform),
        ],
        release=parts.release,
        guard=Guard(keys_from(platform), platform.jwt_audience),
        metrics=hearing.metrics,
        progress=work.progress,
        lifespan=_living(parts.bus, database, hearing.traces),
        traces=hearing.traces,
    )
    app.state.work, app.state.desk = work, Desk(hearing)
    return app


def _inbound(hearing: Hearing) -> list[APIRouter]:
    publishers = [topic.publisher for topic in hearing.topics.values() if topic.publisher is not None]
    asked = [inbound_router(hearing)] if publishers else []
    return [*asked, events_router(hearing)] if any(one.http_rates for one in publishers) else asked


def _development(clock: Clock, settings: PlatformSettings) -> list[APIRouter]:
    return [development_router(clock, ahead_of(settings))] if isinstance(clock, SimulatedClock) else []


def _living(bus: Bus, database: Database, traces: Traces) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        await bus.start()
        try:
            yield
        finally:
            await bus.stop()
            await database.close()
            await traces.close()

    return living


def clocks(settings: PlatformSettings) -> tuple[Clock, Clock]:
    """The service's clock and the wall clock; the same, but where the days pass on demand."""
    wall = SystemClock()
    return (SimulatedClock(wall, ahead_of(settings)) if settings.clock == "simulated" else wall), wall


def serve(
    load: Callable[[], Chosen], create: Callable[[Chosen, Database, Clock, Clock], FastAPI], service: str
) -> None:
    """Run a service until SIGTERM, exit 0. A wrong setting is one sentence and exit 2, the death of a task exit 1."""
    signal.signal(signal.SIGTERM, _asked_to_end)
    try:
        settings = load()
        logs.configure(service, settings.platform.log_level)
        sys.exit(asyncio.run(_served(settings, create)))
    except WrongSetting as wrong:
        sys.stderr.write(f"{service}: {wrong}\n")
        sys.exit(2)


async def _served(settings: Chosen, create: Callable[[Chosen, Database, Clock, Clock], FastAPI]) -> int:
    platform = settings.platform
    database = connect(platform.mongo_url, settings.database, platform.mongo_driver)
    clock, wall = clocks(platform)
    app = create(settings, database, clock, wall)
    garbage.settle()
    server = PoliteServer(_listening(app, platform.host, settings.port), app.state.work, platform.drain_seconds)
    deaths: list[BaseException] = []
    app.state.work.on_death = lambda error: _die(server, deaths, error)
    await server.serve()
    if deaths and isinstance(deaths[0], WrongSetting):
        raise deaths[0]
    return 1 if deaths or not server.started else 0


def _listening(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    """What proxies say of a caller is believed only where a door asks for it, and then only of those we trust."""
    return uvicorn.Config(app, host=host, port=port, log_config=None, timeout_graceful_shutdown=8, proxy_headers=False)


def _asked_to_end(*_: object) -> None:
    """uvicorn winds down first and then raises the signal again, which by default would look like a violent end.

    The driver's threads may still wait for a server that is silent; Python would wait for them, so that is cut off.
    """
    cut_off = threading.Timer(LAST_WORDS_WITHIN, os._exit, [0])
    cut_off.daemon = True
    cut_off.start()
    sys.exit(0)


class PoliteServer(uvicorn.Server):
    """Before it closes its socket it is not ready for some seconds, so that a load balancer has turned to others."""

    def __init__(self, config: uvicorn.Config, work: Work, drain_seconds: float) -> None:
        super().__init__(config)
        self._work, self._drain_seconds = work, drain_seconds

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Stand aside, then close; requests in flight are answered."""
        self._work.stand_aside()
        await asyncio.sleep(self._drain_seconds)
        await super().shutdown(sockets)


def _die(server: uvicorn.Server, deaths: list[BaseException], error: BaseException) -> None:
    deaths.append(error)
    server.should_exit = True
