"""What each user of Kafka may do: computed from who says and who hears, so that there is no second list.

`python -m shared.platform.rights` prints it, for a Kafka whose users are made elsewhere. A service writes its own
streams, may read them (a restore does), and reads what its handlers hear. A publishing system writes its own inbox, and
does nothing else: how an event fared it asks at the service's door, because the rejections of all share a topic. The
inbox of one that is registered for HTTP is also written by the services that hear it, on its behalf.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from shared.contracts.catalogue import all_streams
from shared.contracts.streams import inbox
from shared.platform.docs_listeners import bus_of, services
from shared.platform.errors import WrongSetting
from shared.platform.service import topics_of
from shared.platform.settings import PlatformSettings

ADMIN, DEMO = "admin", "demo"


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One thing that a user may do; with `prefix` to all whose name begins so."""

    user: str
    action: Literal["READ", "WRITE"]
    kind: Literal["TOPIC", "GROUP", "TRANSACTIONAL_ID"]
    name: str
    prefix: bool = False


def rights(settings: PlatformSettings) -> list[Right]:
    """All rights of an install, in order."""
    found = [right for service in services() for right in _of_service(service, settings)]
    found += [Right(one.name, "WRITE", "TOPIC", inbox(one.name).topic) for one in settings.publishers]
    return sorted([*found, *_of_demo()] if settings.environment == "development" else found)


def users(settings: PlatformSettings) -> list[str]:
    """Everybody who has a right; WrongSetting when a publisher goes by the name of somebody else."""
    own = {*services(), ADMIN, DEMO}
    for publisher in settings.publishers:
        if publisher.name in own:
            raise WrongSetting(f"KOMMUNKONTAKT_PUBLISHERS must not name a publisher {publisher.name}: that is our own.")
    return sorted({right.user for right in rights(settings)})


def password_of(user: str, server: Literal["KAFKA", "MONGO"], environment: Mapping[str, str] = os.environ) -> str:
    """The password that set-up gives a user, from the environment; WrongSetting when there is none."""
    name = f"{server}_PASSWORD_{user.upper().replace('-', '_')}"
    password = environment.get(name)
    if not password:
        raise WrongSetting(f"{name} must be set, to make that user: run `make secrets`, which adds what is missing.")
    return password


def _of_service(service: str, settings: PlatformSettings) -> Iterator[Right]:
    for stream in all_streams():
        if stream.owner == service:
            yield Right(service, "WRITE", "TOPIC", stream.topic)
            yield Right(service, "READ", "TOPIC", stream.topic)  # a restore looks at what was said
    for name, topic in topics_of(bus_of(service), settings).items():
        yield Right(service, "READ", "TOPIC", name)
        if topic.publisher is not None and topic.publisher.http_rates:
            yield Right(service, "WRITE", "TOPIC", name)  # what that publisher posts at our door
    yield Right(service, "READ", "GROUP", service)
    yield Right(service, "WRITE", "TRANSACTIONAL_ID", f"{service}-relay")


def _of_demo() -> Iterator[Right]:
    """The demo's ear, in development only: all that we say."""
    for stream in all_streams():
        yield Right(DEMO, "READ", "TOPIC", stream.topic)
    yield Right(DEMO, "READ", "GROUP", "demo-", prefix=True)


def main() -> None:
    """Print who may do what; exit 2 with one sentence when a setting is wrong."""
    try:
        settings = PlatformSettings.load()
        users(settings)
        for one in rights(settings):
            sys.stdout.write(f"{one.user:<12} {one.action:<5} {one.kind:<16} {one.name}{'*' if one.prefix else ''}\n")
    except WrongSetting as wrong:
        sys.stderr.write(f"rights: {wrong}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
