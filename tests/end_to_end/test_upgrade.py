"""An upgrade with real processes: old and new side by side, then new alone, and back before it is too late."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from stack.demo_client import Doors, token_command
from stack.instances import Install, Instance
from stack.testing import start_servers
from tests.end_to_end.dumped import Said
from tests.end_to_end.upgrade_town import Contact, Town, contacts
from tests.waiting import until_sync

pytestmark = pytest.mark.servers

OPENED, ASSIGNED, ASSIGNED_V2 = (
    f"se.kommunkontakt.routing.{name}" for name in ("matter-opened.v1", "matter-assigned.v1", "matter-assigned.v2")
)
OUTDATED = re.compile(
    r"stands still: (release [0-9.]+ acts on other types of routing\.matters\.v1|recipients has documents of schema 3);"
    r" the work is done by the newer release alone"
)
NEXT = {"routing": "tests.end_to_end.routing_next", "notify": "tests.end_to_end.notify_next"}
NEXT_ALONE = {**NEXT, "routing": f"{NEXT['routing']} alone"}


def end(instances: Sequence[Instance]) -> None:
    """They are asked to end, and do."""
    for one in instances:
        one.process.ask_to_stop()
    assert [(one.process.wait_stopped(12), one.process.exit_code) for one in instances] == [(True, 0)] * len(instances)


def start(instances: Sequence[Instance]) -> None:
    """They run, and are ready."""
    for one in instances:
        one.process.start()
    until_sync("they are ready", lambda: all(one.ready() for one in instances), 60)


def waits_for(instance: Instance) -> str | None:
    """What /ready says of the release."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{instance.port}/ready", timeout=5)
    except httpx.HTTPError:
        return None
    told: str | None = answer.json()["parts"]["release"]
    assert told is None or answer.status_code == 503
    return told


def go_back(whole: Install, service: str) -> tuple[int, str]:
    """The command, from today's release: its exit code, and what it says."""
    command = [sys.executable, "-m", "shared.platform.release", "back", "--service", service]
    done = subprocess.run(command, env={**os.environ, **whole.environment}, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def the_doors_answer(whole: Install, instance: Instance) -> None:
    """Messages are shown, also where nothing else is done any more."""
    told = {**os.environ, **whole.environment}
    made = subprocess.run([*token_command(), "operator"], env=told, capture_output=True, text=True, check=True)
    doors = Doors({"notify": instance.port}, {"operator": made.stdout.strip()})
    assert doors.call("operator", "GET", "notify", "messages?limit=1")["items"]


def both_go_on(town: Town, some: Sequence[Contact]) -> None:
    """Each release acts in partitions of its own, and both move on there."""
    until_sync("both releases act on matters", lambda: len({release for release, _ in town.stands().values()}) == 2)
    before = town.stands()

    def moved() -> set[tuple[int, ...]]:
        return {release for place, (release, at) in town.stands().items() if at > before[place][1]}

    town.call(some)
    until_sync("both have moved on", lambda: len(moved()) == 2)


def stand_still(older: Sequence[Instance], newer: Sequence[Instance], whole: Install) -> None:
    """The newer ones are away for a moment: the older ones do not take their work, and say so; their doors answer."""
    end(newer)
    until_sync("the older ones say why they stand still", lambda: all(is_outdated(one) for one in older), 60)
    for one in older:
        the_doors_answer(whole, one)


def is_outdated(one: Instance) -> bool:
    """Whether it says that it is too old; on its way there it may wait for other things."""
    return OUTDATED.fullmatch(waits_for(one) or "") is not None


def passed_by(town: Town) -> int:
    """How many assignments of version 2 the older release has gone past."""
    stands, older = town.stands(), min(release for release, _ in town.stands().values())
    places = {place: at for place, (release, at) in stands.items() if release == older}
    return sum(one.type == ASSIGNED_V2 and one.offset < places.get(one.partition, 0) for one in town.said())


def faults(town: Town, said: Sequence[Said]) -> list[str]:
    """What is wrong in the end with what was planned: with matters, with what notify heard of them, with mails."""
    found = [f"{one.topic}: {one.data}" for one in said if one.name in ("event-parked", "inbound-rejected")]
    found += [f"parked: {key}" for key, row in town.rows("parked").items() if row["open"]]
    references = {one.subject: one.data["reference"] for one in said if one.name == "contact-registered"}
    opened = {one.subject: references.get(one.data["contact_id"]) for one in said if one.type == OPENED}
    if Counter(opened.values()) != Counter(one.reference for one in town.planned):
        found.append(f"{len(opened)} matters of {len(set(opened.values()))} contacts, planned {len(town.planned)}")
    return [*found, *unheard(town, said), *wrong_mails(town)]


def unheard(town: Town, said: Sequence[Said]) -> Iterator[str]:
    """Each opening must have been acted on once by the next release, each assignment of version 2 once."""
    stories = town.rows("stories")
    for type_, member in ((OPENED, "opened"), (ASSIGNED_V2, "assigned_v2")):
        wanted = {one.subject: [one.sequence] for one in said if one.type == type_}
        heard = {key: row[member] for key, row in stories.items() if row[member]}
        if heard != wanted:
            keys = [key for key in wanted.keys() | heard.keys() if wanted.get(key) != heard.get(key)]
            yield f"{type_} heard otherwise than said of {len(keys)}: {wanted.get(keys[0])}, {heard.get(keys[0])}"


def wrong_mails(town: Town) -> Iterator[str]:
    """One for each that was due; the same one again only where notify's ledger says that nobody knew."""
    tray = town.tray.newest(town.tray.total())
    again = [name for name, count in Counter(mail["MessageID"] for mail in tray).items() if count > 1]
    ledger = town.rows("messages")
    for name in again:
        attempts = ledger[name.partition("@")[0]]["attempts"]
        if not any(attempt["outcome"] == "unknown" for attempt in attempts):
            yield f"mail {name} twice"
    to = Counter(town.mailed().values())
    callers = Counter(one.called_by for one in town.planned if one.called_by)
    if callers != Counter({one: count for one, count in to.items() if one.endswith("@company.example")}):
        yield f"mails to {to}, expected {callers}"
    if sum(to.values()) - sum(callers.values()) != len(town.planned):
        yield f"{sum(to.values()) - sum(callers.values())} mails to officers, expected {len(town.planned)}"


def the_versions_were_mixed(said: Sequence[Said]) -> None:
    """Some matters were told of in version 1 only, some in both, some in version 2 only."""
    first, second = ({one.subject for one in said if one.type == type_} for type_ in (ASSIGNED, ASSIGNED_V2))
    assert min(len(first - second), len(first & second), len(second - first)) > 0
    urgent = {one.subject for one in said if one.type == ASSIGNED and one.data.get("urgency") == "within-a-day"}
    assert urgent == first & second


def old_documents_were_read(town: Town, said: Sequence[Said]) -> None:
    """Officers whom the old release has kept are read as the new one wants them, and not written for that."""
    kept = {name: town.rows("recipients")[f"1460-o-{name}"] for name in ("ek", "lund", "ny")}
    assert {name: (row["_schema"], row.get("known_from")) for name, row in kept.items()} == {
        "ek": (2, None),
        "lund": (2, None),
        "ny": (3, "this release"),
    }
    case_types = {one.subject: one.data["case_type"] for one in said if one.type == OPENED}
    stories = town.rows("stories").items()
    known = {(case_types[key], row["officer_known_from"]) for key, row in stories if row["assigned_v2"]}
    assert known == {("bygglov", "an earlier release"), ("serv_stad", "this release")}


def test_old_and_new_side_by_side_then_new_alone_and_nothing_is_missed_or_done_twice(tmp_path: Path) -> None:
    old = contacts("gammal", 20) + contacts("gammal-kund", 20, named=True)
    joining, mixed, still = contacts("ansluter", 20), contacts("blandad", 40), contacts("vilar", 60, named=True)
    new = contacts("ny", 30, "serv_stad", named=True) + contacts("ny-kund", 30, named=True)
    with start_servers(tmp_path / "servers") as servers, ExitStack() as stack:
        town = Town(tmp_path, servers, [*old, *joining, *mixed, *still, *new])
        first = stack.enter_context(town.install(["a", "b"]))
        town.officer("ek", "bygglov")
        town.officer("lund", "bygglov")
        town.call(old)
        town.until_mailed(old)

        with town.calling(joining):
            second = stack.enter_context(town.install(["c"], NEXT))
        both_go_on(town, mixed)
        town.until_mailed([*old, *joining, *mixed])
        until_sync("the older release has gone past new assignments", lambda: passed_by(town) > 0)
        with town.calling(still[:20]):
            for one in (first.of("routing")[0], first.of("notify")[1], second.of("routing")[0]):
                one.kill_and_start()
            stand_still(first.of("notify"), second.of("notify"), first)
        town.call(still[20:])
        end([*first.of("notify"), *first.of("routing")])

        third = stack.enter_context(town.install(["d"], NEXT_ALONE))
        start(second.of("notify"))
        town.officer("ny", "serv_stad")
        town.call(new[:20])
        for one in second.instances:
            one.kill_and_start()
        town.call(new[20:])
        town.until_mailed(town.planned)
        until_sync("all is heard", lambda: not list(unheard(town, town.said())))
        said = town.said()
        assert faults(town, said) == []
        the_versions_were_mixed(said)
        old_documents_were_read(town, said)

        end([*second.instances, *third.instances])
        code, why = go_back(first, "notify")
        assert (code, "recipients has documents of a newer schema than 2" in why) == (1, True)
        code, why = go_back(first, "routing")
        assert (code, f"An event was said that this release does not know: {ASSIGNED_V2}." in why) == (1, True)


def test_back_before_the_first_write_that_only_the_new_release_can_read_and_forth_again(tmp_path: Path) -> None:
    lots = [contacts(f"omgang-{nth}", 10) for nth in range(4)]
    with start_servers(tmp_path / "servers") as servers, ExitStack() as stack:
        town = Town(tmp_path, servers, [one for lot in lots for one in lot])
        whole = stack.enter_context(town.install(["a"]))
        older = whole.of("notify")
        town.officer("ek", "bygglov")
        town.call(lots[0])
        town.until_mailed(town.planned[:10])
        end(older)

        newer = stack.enter_context(town.install(["b"], {"notify": NEXT["notify"]})).instances
        town.call(lots[1])
        town.until_mailed(town.planned[:20])
        until_sync("the openings are heard", lambda: len(town.rows("stories")) == 20)
        older[0].process.start()
        stand_still(older, newer, whole)
        end(older)

        code, told = go_back(whole, "notify")
        assert (code, told.startswith("notify is back at this release: ")) == (0, True), told
        start(older)
        town.call(lots[2])
        town.until_mailed(town.planned[:30])
        assert len(town.rows("stories")) == 20
        end(older)

        start(newer)
        town.call(lots[3])
        town.until_mailed(town.planned)
        until_sync("all is heard", lambda: not list(unheard(town, town.said())))
        assert faults(town, town.said()) == []
