"""No question grows with what is kept: each one that a service asks of a filled database is answered from an index."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo import monitoring

from bench.filled import fill, named
from services.intake.app import parts as intake_parts
from services.intake.model.tally import Outcome
from services.intake.settings import Settings as IntakeSettings
from services.intake.store.company_changes import CompanyChanges
from services.intake.store.contacts import Contacts
from services.intake.store.disclosures import Disclosures
from services.intake.store.follow_ups import FollowUps
from services.intake.store.mails import Mails
from services.intake.store.notes import Notes
from services.intake.store.officers import Officers as IntakeOfficers
from services.intake.store.parties import Parties
from services.intake.store.reads import Reads
from services.intake.store.retention import Announcements, RetentionRuns
from services.intake.store.series import AllSeries
from services.intake.store.suggestion_weeks import SuggestionWeeks
from services.intake.store.tallies import Tallies
from services.intake.store.threads import Threads
from services.intake.store.timeline import Timeline
from services.intake.store.uploads import Uploads
from services.notify.app import parts as notify_parts
from services.notify.model import ChannelName
from services.notify.settings import Settings as NotifySettings
from services.notify.store import Messages, Recipients
from services.procurement.app import parts as procurement_parts
from services.procurement.settings import Settings as ProcurementSettings
from services.procurement.store import Contracts
from services.routing.app import parts as routing_parts
from services.routing.settings import Settings as RoutingSettings
from services.routing.store import Matters, Officers, Ties
from shared.contracts.refusal import Unknown
from shared.platform.clock import SystemClock
from shared.platform.hearing import Hearing
from shared.platform.leases import Lease
from shared.platform.measured import Measured
from shared.platform.mongo import MongoDatabase, connect
from shared.platform.outbox import ASIDE, OUTBOX
from shared.platform.parking import Parking
from shared.platform.positions import POSITIONS
from shared.platform.restores import RESTORES
from shared.platform.service import Parts, hearing_for
from shared.platform.settings import PlatformSettings
from shared.platform.timers import Timers
from shared.platform.unit import Unit
from shared.platform.web.parked import fared
from shared.platform.work import KEPT
from stack.mongo import Mongo

pytestmark = pytest.mark.servers

ASKED = ("find", "findAndModify", "aggregate", "update", "delete")
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
CODE, LATER = "1460", (AT, "1460-z")
WALKED_ON_PURPOSE = {OUTBOX.name, ASIDE.name, POSITIONS.name, RESTORES.name}
"""Small as a rule, and where not, taken from their beginning with a limit."""
PLATFORM = PlatformSettings(environment="development")

Ask = Callable[[Unit], Awaitable[object]]


class Commands(monitoring.CommandListener):
    """Keeps the questions that reach MongoDB while it is switched on."""

    def __init__(self) -> None:
        self.on, self.sent = False, list[dict[str, Any]]()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if self.on and event.command_name in ASKED:
            self.sent.append(dict(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


async def of_intake(unit: Unit) -> None:
    contacts, parties, series = unit.given(Contacts), unit.given(Parties), unit.given(AllSeries)
    await contacts.get(named("c", 1))
    await unit.given(CompanyChanges).get(named("f", 1))
    await contacts.newest(CODE, LATER, 50)
    await contacts.newest(CODE, None, 50)
    await contacts.all_of(named("p", 1))
    await parties.known(named("p", 1))
    await parties.persons_of(named("p", 1))
    await unit.given(FollowUps).get(f"{CODE}-f-1")
    await contacts.open_of([named("p", 1)], 500)
    await parties.printed(CODE, "company", "abcdefgh", 20)
    await parties.speakers_of([named("p", 1)], 150)
    await parties.after("", 500)
    timeline = unit.given(Timeline)
    await timeline.of_subject(named("c", 1))
    await timeline.matters_of([named("p", 1)], 500)
    for kinds in ((), ("matter-opened", "matter-assigned")):
        await timeline.newest(named("p", 1), kinds, LATER, 50)
    await series.get(f"{CODE}-k-2026")
    await unit.given(SuggestionWeeks).get(f"{CODE}-w-2026-W48")
    await unit.given(SuggestionWeeks).between(CODE, "2026-W01", "2026-W48")
    await unit.given(Uploads).get(named("a", 1))
    await unit.given(Mails).first_of([named("e", 1), named("e", 2)])
    await unit.given(Threads).get(named("t", 1))
    for after in (None, ("2026-11-24", "K 2026/000001")):
        await contacts.by_day(CODE, after, 50)
        await contacts.by_number(CODE, 2026, after and after[1:], 50)
    await contacts.numbered(CODE, "K 2026/000001")
    await parties.load([named("p", 1), named("p", 2)])
    for later in (None, LATER):
        await unit.given(Disclosures).newest(CODE, later, 50)
        await unit.given(Reads).newest(CODE, None, later, 50)
        await unit.given(Reads).newest(CODE, [named("c", 1), named("p", 1)], later, 50)
    notes = unit.given(Notes)
    await notes.latest(named("n", 1))
    await notes.of_contact(named("c", 1), None, 50)
    await notes.of_contact(named("c", 1), LATER, 50)
    await of_the_reception(unit)
    await of_retention(unit)


async def of_retention(unit: Unit) -> None:
    contacts, made = unit.given(Contacts), (FollowUps, Disclosures, CompanyChanges, Reads)
    for after in (None, ("2026-01-01", "1460-z")):
        await contacts.oldest(CODE, AT, after, 50)
        await unit.given(Parties).silent(CODE, AT.date(), after, 50)
        for kind in made:
            await unit.given(kind).oldest(CODE, AT, after, 50)
    await contacts.naming([named("p", 1), named("p", 2)])
    await unit.given(Announcements).all_of([f"{CODE}-g-1"])
    await unit.given(RetentionRuns).get(f"{CODE}-g-2026-11-24")
    for later, last in ((None, None), (LATER, ("1460-z",))):
        await unit.given(RetentionRuns).newest(CODE, later, 50)
        await unit.given(Announcements).taken_in(f"{CODE}-g-2026-11-24", last, 50)


async def of_the_reception(unit: Unit) -> None:
    contacts, tallies = unit.given(Contacts), unit.given(Tallies)
    for after in (None, LATER):
        await contacts.waiting(CODE, None, after, 50)
        await contacts.waiting(CODE, AT, after, 50)
        await contacts.at_risk(CODE, after, 50)
        await contacts.bounced(CODE, after, 50)
    await unit.given(IntakeOfficers).all_of([named("o", 1)])
    await tallies.between(CODE, "2026-W40", "2026-W48")
    await tallies.count(Outcome(CODE, AT, "phone", ("bygglov",), "desk", answered=1, waited=60))


async def of_routing(unit: Unit) -> None:
    matters, officers = unit.given(Matters), unit.given(Officers)
    await matters.get(named("m", 1))
    for officer in (None, "1460-o-h01"):
        for state in (None, "waiting"):
            await matters.newest(CODE, officer, state, LATER, 50)
    await officers.serving(CODE)
    await officers.listed(CODE, ("1460-o-h01",), 50)
    await unit.given(Ties).get(named("j", 1))
    await unit.given(Ties).binding(CODE)
    await unit.given(Ties).of_officer("1460-o-h01", ("1460-j-1",), 50)


async def of_procurement(unit: Unit) -> None:
    await unit.given(Contracts).by_start(CODE, ("2026-01-01", "1460-k-1"), 50)


async def of_notify(unit: Unit) -> None:
    messages, recipients = unit.given(Messages), unit.given(Recipients)
    await recipients.all_of([named("p", 1)])
    await recipients.hearing_alarms(CODE)
    await messages.all_of([named("g", 1)])
    await messages.all_to(named("p", 1))
    await messages.due(ChannelName.E_MAIL, AT, 100)
    await messages.begun_to(ChannelName.E_MAIL, [named("p", 1)])
    for about in (None, named("m", 1)):
        await messages.newest(CODE, about, LATER, 50)


SERVICES: dict[str, tuple[Parts, Ask]] = {
    "intake": (intake_parts(IntakeSettings(platform=PLATFORM)), of_intake),
    "routing": (routing_parts(RoutingSettings(platform=PLATFORM)), of_routing),
    "procurement": (procurement_parts(ProcurementSettings(platform=PLATFORM)), of_procurement),
    "notify": (notify_parts(NotifySettings(platform=PLATFORM)), of_notify),
}


@pytest.mark.parametrize("service", SERVICES)
async def test_every_question_is_answered_from_an_index(service: str, mongo_server: Mongo) -> None:
    parts, ask = SERVICES[service]
    commands = Commands()
    monitoring.register(commands)
    await fill(mongo_server.url, 1_000, [service])
    database = connect(mongo_server.url, service)
    await database.prepare([*KEPT, *(store.layout() for store in parts.shelf.values())])
    clock = SystemClock()
    hearing = hearing_for(parts, PLATFORM, database, clock, clock)
    try:
        commands.on = True
        await ask(hearing.unit(database))
        await platforms_questions(hearing, parts)
        commands.on = False
        assert commands.sent
        walked = [command for command in commands.sent if await walks(database, command)]
        assert not walked, "\n".join(map(str, walked))
    finally:
        commands.on = False
        await database.drop()
        await database.close()


async def platforms_questions(hearing: Hearing, parts: Parts) -> None:
    """What every service asks by itself, again and again."""
    lease = Lease(hearing.database, "timers", "test", hearing.wall, hearing.metrics)
    await lease.hold()
    await Timers(hearing, tuple(parts.bus.promises), lease).keep_due()
    await Parking(hearing).wake_due()
    await Measured(hearing).look()
    with suppress(Unknown):
        await fared(hearing, ["inbox.e-services.v1|nobody"])


async def walks(database: MongoDatabase, command: dict[str, Any]) -> bool:
    """Whether a command would walk through its whole collection."""
    name = next(iter(command))
    if command[name] in WALKED_ON_PURPOSE:
        return False
    told = {key: value for key, value in command.items() if key not in ("lsid", "$db", "$clusterTime", "txnNumber")}
    plan = await database._database.command({"explain": told, "verbosity": "queryPlanner"})
    return "COLLSCAN" in str(plan["queryPlanner"]["winningPlan"] if "queryPlanner" in plan else plan)
