"""One run: what is expected is written down, clients and kills begin, all becomes quiet, and the referee looks."""

import json
import random
import smtplib
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from signal import SIGKILL

from shared.platform.clock import SystemClock
from shared.platform.token import make_token
from stack.instances import Install, install
from stack.places import free_port
from stack.testing import Servers, start_servers
from tests.chaos.faults import AFTER_A_DEATH
from tests.chaos.keeper import Keeper
from tests.chaos.referee import read_all
from tests.chaos.steps import FOLDER, STEPS, Orders
from tests.kills.clients import ADDRESSES, PUBLISHERS, Caller, Crew, Inboxes, Relay, Told
from tests.kills.plan import TOWNS, Expected, Form, Wanted, Way, plan
from tests.kills.referee import Evidence, contacts_of, judge
from tests.kills.report import Report
from tests.waiting import until_sync

FULL = {"SEED": 1460, "EVENTS": 20_000, "KILLS": 100, "INSTANCES": 2}
AT_THE_DOORS = (
    "service: wrote state",
    "service: wrote outbox",
    "service: wrote journal",
    "service: wrote requests",
    "service: before commit",
    "service: after commit",
    "service: mail taken",
)
"""Steps that calls and mails pass; those of the listener and the relay are the chaos run's."""
AT_RANDOM, NOBODY = "at random", "nobody"
CALLERS, RELAYS = 16, 12
PROTOCOLS = (("smtp", smtplib.SMTP), ("lmtp", smtplib.LMTP))
PASSED_WITHIN, INHERITED_WITHIN, BACK_WITHIN = 20.0, 10.0, 60.0
QUIET_WITHIN = 300.0


def form_of(environment: Mapping[str, str], usual: Mapping[str, int] = FULL) -> Form:
    """The form that was asked for by SEED, EVENTS, KILLS and INSTANCES."""
    told = {name: int(environment.get(name) or number) for name, number in usual.items()}
    return Form(told["SEED"], told["EVENTS"], told["KILLS"], told["INSTANCES"])


def steps() -> list[str]:
    """The named steps that intake passes here."""
    return sorted([*(name for name, services in STEPS.items() if "intake" in services), *AT_THE_DOORS])


@dataclass(slots=True)
class Site:
    """intake at work, and what can be done to it."""

    whole: Install
    keeper: Keeper
    orders: Orders
    chance: random.Random

    def strike(self, step: str, begin: Callable[[], None]) -> bool:
        """Let traffic begin and kill a process: the first to pass the step, or any. False when nobody passed it."""
        if self.keeper.failed is not None:
            raise self.keeper.failed
        until_sync("an instance is back", lambda: self.keeper.returning() < len(self.whole.instances), BACK_WITHIN)
        if step in (AT_RANDOM, NOBODY):
            begin()
            self._strike_any(step)
            return True
        self.orders.arm("intake", step, SIGKILL)
        begin()
        for instance in self.whole.instances if step in AFTER_A_DEATH else ():
            self.keeper.strike(instance, SIGKILL)
            if self._passed(INHERITED_WITHIN):
                break
        passed = self._passed(PASSED_WITHIN)
        self.orders.disarm("intake")
        return passed

    def _strike_any(self, step: str) -> None:
        if step == AT_RANDOM:
            time.sleep(self.chance.uniform(0, 0.5))  # at a random moment of what is under way
            self.keeper.strike(self.chance.choice(self.whole.instances), SIGKILL)

    def _passed(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self.orders.armed("intake") and time.monotonic() < end:
            time.sleep(0.02)
        return not self.orders.armed("intake")


def run(form: Form, where: Path) -> Report:
    """The whole run in this folder."""
    began = time.monotonic()
    wanted, expected = plan(form)
    written = expected.write(where / "expected.json")
    with _site(form, where) as (site, servers, mail_ports):
        token, told = _token(where), Told()
        ports = [instance.port for instance in site.whole.instances]
        callers = Crew([Caller(ports, token, nth) for nth in range(CALLERS)], told)
        relays = Crew([Relay(mail_ports, nth) for nth in range(RELAYS)], told)
        inboxes = Inboxes(servers.kafka_url)
        unreached = _killing(form, site, _portions(wanted, form.kills + 2), callers, relays, inboxes)
        for crew in (callers, relays):
            crew.finish()
        inboxes.flush()
        expected = Expected.read(where / "expected.json")
        _quiet(site, servers, expected)
        evidence = Evidence(
            {town: list(contacts_of(ports[0], token, town)) for town in TOWNS},
            read_all(servers.kafka_url),
            told.contacts,
        )
        return Report(
            form=form,
            written=written,
            sent=Counter(one.way for one in wanted),
            again=Counter(one.way for one in wanted if one.again),
            told=told,
            verdict=judge(evidence, expected),
            deaths=site.keeper.deaths,
            steps=Counter(fired.step for fired in site.orders.fired()),
            unreached=unreached,
            seconds=time.monotonic() - began,
        )


@contextmanager
def _site(form: Form, where: Path) -> Iterator[tuple[Site, Servers, list[tuple[type[smtplib.SMTP], int]]]]:
    names = [chr(ord("a") + number) for number in range(form.instances)]
    spoken = {name: (*PROTOCOLS[nth % len(PROTOCOLS)], free_port()) for nth, name in enumerate(names)}
    publishers = [{"name": PUBLISHERS[town], "municipality": town, "types": ["contact-received"]} for town in TOWNS]
    told = {
        FOLDER: str(where / "orders"),
        "KOMMUNKONTAKT_CLOCK": "system",
        "KOMMUNKONTAKT_PUBLISHERS": json.dumps(publishers),
        "INTAKE_MAIL_TO": json.dumps({address: town for town, address in ADDRESSES.items()}),
    }

    def each(name: str) -> Mapping[str, str]:
        protocol, _, port = spoken[name]
        return {"INTAKE_MAIL_PORT": str(port), "INTAKE_MAIL_PROTOCOL": protocol}

    modules = {"intake": "tests.chaos.service intake"}
    orders = Orders(where / "orders")
    with (
        start_servers(where / "servers") as servers,
        install(servers, where, names, modules, services=["intake"], told=told, each=each) as whole,
        Keeper(orders, list(whole.instances)) as keeper,
    ):
        chance = random.Random(form.seed + 1)
        yield Site(whole, keeper, orders, chance), servers, [(kind, port) for _, kind, port in spoken.values()]


def _portions(wanted: Sequence[Wanted], count: int) -> list[Sequence[Wanted]]:
    size = -(-len(wanted) // count)
    return [wanted[start : start + size] for start in range(0, len(wanted), size)]


def _killing(
    form: Form, site: Site, portions: Sequence[Sequence[Wanted]], callers: Crew, relays: Crew, inboxes: Inboxes
) -> list[str]:
    """Let out a portion and kill in the middle of it, again and again; returns the steps that nobody ever passed."""
    kills, missed, before = deque(_kills(form, site.chance)), list[str](), list[Wanted]()
    for portion in portions:
        step = kills.popleft() if kills else NOBODY
        passed = site.strike(step, partial(_let_out, portion, before, callers, relays, inboxes))
        before = [one for one in portion if one.way == "kafka" and one.again]
        if not passed:
            missed.append(step)
            kills.extend([step] if missed.count(step) == 1 else [])
    _let_out([], before, callers, relays, inboxes)
    fired = {one.step for one in site.orders.fired()}
    return sorted(set(missed) - fired)


def _kills(form: Form, chance: random.Random) -> list[str]:
    """Half at the named steps, in turn, half at random moments."""
    names = list(form.steps) or steps()
    chance.shuffle(names)
    kills = [names[nth // 2 % len(names)] if nth % 2 else AT_RANDOM for nth in range(form.kills)]
    chance.shuffle(kills)
    return kills


def _let_out(portion: Sequence[Wanted], again: Sequence[Wanted], callers: Crew, relays: Crew, inboxes: Inboxes) -> None:
    to: Mapping[Way, Callable[[Wanted], None]] = {
        "http": callers.queue.put,
        "smtp": relays.queue.put,
        "kafka": inboxes.publish,
    }
    for one in portion:
        to[one.way](one)
    for one in again:
        inboxes.publish(one)


def _quiet(site: Site, servers: Servers, expected: Expected) -> None:
    """Until all are ready, all contacts that must be there are on the topic, and no more come; not for ever."""
    until_sync("all are ready", site.whole.all_ready, 60)
    wanted, end, last = sum(map(len, expected.names.values())), time.monotonic() + QUIET_WITHIN, -1
    while time.monotonic() < end:
        said = len({one.subject for one in read_all(servers.kafka_url) if one.short == "contact-registered"})
        if wanted <= said == last:
            return
        last = said
        time.sleep(1)


def _token(where: Path) -> str:
    key = where / "secrets" / "jwt.pem"
    return make_token(key, "kommunkontakt", "anna", ["receptionist"], list(TOWNS), timedelta(hours=3), SystemClock())
