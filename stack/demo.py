"""`make demo`: the story, event by event, told against what `make run` started.

Other systems and people speak to Kommunkontakt as they would for real: over Kafka with a foreign client, and over HTTP.
"""

import argparse
import csv
import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from stack.demo_client import Doors, Ear, Heard, Publisher, Tray
from stack.demo_words import sentence, short_type
from stack.problem import Problem

SERVICES = ("intake", "routing", "procurement", "notify")
PATIENCE = 120.0
CHANNEL = {"Internet": "web", "Desk": "visit", "Post": "letter", "e-mail": "e-mail"}
OFFICERS = (
    ("lind", "Karin Lind", ["bygglov", "ovrigt"]),
    ("berg", "Olle Berg", ["serv_stad", "livsmedel_reg", "ovrigt"]),
    ("sand", "Maja Sand", ["serv_stad", "miljo_c", "ovrigt"]),
)
WISHES = (
    ("web", "serv_stad", "Vi vill öppna en restaurang med uteservering i juni.", "556016-0680"),
    ("web", "bygglov", "Kan vi bygga ut verkstaden mot vägen?", None),
    ("letter", "livsmedel_reg", "Vi tar över kiosken vid badplatsen.", None),
)


@dataclass
class Story:
    """What is told and counted as it happens."""

    run: str
    kafka: str
    ear: Ear
    doors: Doors
    tray: Tray
    console: Console
    said: list[Heard] = field(default_factory=list)
    loud: bool = True

    @classmethod
    def begun(cls, console: Console, loud: bool = True) -> "Story":
        """A story that begins now, with what runs here."""
        kafka, run = os.environ.get("KOMMUNKONTAKT_KAFKA_URL", "127.0.0.1:9092"), uuid.uuid4().hex[:6]
        ports = {name: int(os.environ.get(f"{name.upper()}_PORT", 8001 + at)) for at, name in enumerate(SERVICES)}
        tray = Tray(os.environ.get("MAIL_URL", "http://127.0.0.1:8025"))
        return cls(run, kafka, Ear(kafka, f"demo-{run}"), Doors(ports), tray, console, loud=loud)

    def publisher(self, name: str) -> Publisher:
        """Another system that publishes."""
        return Publisher(self.kafka, name, self.run)

    def chapter(self, text: str) -> None:
        """Say what happens next."""
        self.console.print(f"\n[bold]{text}[/bold]", soft_wrap=True)

    def count(self, short: str, where: Callable[[Mapping[str, Any]], bool] = lambda data: True) -> int:
        """How many events of a type were said."""
        return sum(short_type(one.type) == short and where(one.data) for one in self.said)

    def until(self, what: str, done: Callable[[], bool]) -> None:
        """Listen until it is so, telling what is said; Problem after two minutes."""
        end = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > end:
                raise Problem(f"The story stopped: waited two minutes for {what}.")
            for one in self.ear.listen(0.2):
                self._tell(one)

    def _tell(self, one: Heard) -> None:
        self.said.append(one)
        if self.loud or len(self.said) % 100 == 0:
            self.console.print(f"  [dim]{one.topic:<26}[/dim] {sentence(one.type, one.data)}", soft_wrap=True)


def main() -> None:
    """Tell it, and end with the table; one sentence and exit 2 when nothing is running."""
    console = Console(highlight=False)
    try:
        tell(cases_of(arguments().cases), console)
    except Problem as problem:
        console.print(f"demo: {problem}")
        sys.exit(2)
    except (httpx.HTTPError, ConnectionError) as error:
        console.print(f"demo: nothing answers as it should ({type(error).__name__}). Is `make run` ready?")
        sys.exit(2)


def arguments() -> argparse.Namespace:
    """--cases PATH: a CSV of real cases in the place of the demo's own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path)
    return parser.parse_args()


def cases_of(path: Path | None) -> list[dict[str, Any]] | None:
    """The cases of a file as contacts that an e-service has received; None without a file."""
    if path is None:
        return None
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [contact_of(row) for row in csv.DictReader(file)]
    except (OSError, KeyError, ValueError) as error:
        raise Problem(f"{path} is not a file of cases ({type(error).__name__}: {error}).") from None


def contact_of(row: Mapping[str, str]) -> dict[str, Any]:
    """One real case as `contact-received`; the applicant's address is made up, so that there is somebody to mail."""
    return {
        "reference": row["case"],
        "channel": CHANNEL[row["channel"]],
        "received_at": datetime.fromisoformat(row["received_at"]).isoformat(),
        "wish": f"{row['department']} {row['group']}".strip(),
        "person": {"e_mail": f"{row['case']}@applicants.example"},
    }


def own_contacts(run: str) -> list[dict[str, Any]]:
    """The demo's own small set."""
    return [
        {
            "reference": f"E-{run}-{number}",
            "channel": channel,
            "received_at": datetime.now().astimezone().isoformat(),
            "wish": wish,
            "case_type": case_type,
            **({"company": {"organisation_number": organisation_number}} if organisation_number else {}),
            "person": {"name": f"Företagare {number}", "e_mail": f"foretagare{number}@company.example"},
        }
        for number, (channel, case_type, wish, organisation_number) in enumerate(WISHES, 1)
    ]


def tell(cases: list[dict[str, Any]] | None, console: Console) -> None:
    """The whole story; Problem when it does not end as it must."""
    story = Story.begun(console, loud=cases is None)
    before, counted = story.tray.total(), dict(_counters(story.doors))
    roster(story)
    expected = _contacts(story, story.publisher("e-services"), cases)
    expected += _contracts(story, story.publisher("finance"))
    story.until("the mails", lambda: story.tray.total() - before >= expected)
    _end(story, before, expected, counted)
    story.ear.close()


def roster(story: Story) -> None:
    """The staff system tells who takes what, and routing has heard it."""
    staff = story.publisher("staff")
    story.chapter("Personalsystemet berättar vilka som handlägger vad")
    for short, name, case_types in OFFICERS:
        data = {"officer_id": short, "name": name, "e_mail": f"{short}@kommun.example", "case_types": case_types}
        staff.publish("officer-changed", f"{story.run}-{short}", {"reference": short, **data}, key=short)
    staff.flush()
    told = [f"{story.run}-{short}" for short, *_ in OFFICERS]
    story.until("the roster", lambda: all(accepted(story, "routing", staff.source, one) for one in told))


def accepted(story: Story, service: str, source: str, event_id: str) -> bool:
    """Whether a service has taken an event of another system in."""
    try:
        fared = story.doors.call("operator", "GET", service, f"inbound?source={source}&id={event_id}")
    except httpx.HTTPStatusError:
        return False
    return bool(fared["state"] == "accepted")


def _contacts(story: Story, e_services: Publisher, cases: list[dict[str, Any]] | None) -> int:
    """The contacts come; returns how many mails they must give."""
    story.chapter("E-tjänsterna skickar kontakter, och ett meddelande som är fel")
    contacts = cases if cases is not None else own_contacts(story.run)
    for number, contact in enumerate(contacts):
        for _ in range(2 if number == 0 else 1):  # the first one twice: it is registered once
            e_services.publish("contact-received", f"{story.run}-{contact['reference']}", contact, contact["reference"])
    e_services.publish("contact-received", f"{story.run}-bad", b'{"reference": "utan kanal"}')
    e_services.flush()
    called = 0 if cases is not None else _call(story)
    wanted = len(contacts) + called
    story.until("contacts and matters", lambda: _settled(story, wanted))
    fared = story.doors.call("publisher", "GET", "intake", f"inbound?source={e_services.source}&id={story.run}-bad")
    reason = fared["rejection"]["reason_sv"]
    story.console.print(f"  E-tjänsten frågar hur det gick: [italic]{reason}[/italic]", soft_wrap=True)
    return 2 * wanted


def _settled(story: Story, wanted: int) -> bool:
    told_back = story.count("inbound-rejected") >= 1
    return story.count("contact-registered") >= wanted and story.count("matter-assigned") >= wanted and told_back


def _call(story: Story) -> int:
    story.chapter("En företagare ringer växeln; receptionisten registrerar samtalet (två klick, en kontakt)")
    call = {
        "channel": "phone",
        "wish": "Jag vill sälja glass vid bryggan i sommar, vem pratar jag med?",
        "case_types": ["ovrigt"],
        "person": {"name": "Anonym Glass", "phone": "070-000 00 00", "e_mail": "glass@company.example"},
    }
    for _ in range(2):
        story.doors.call("receptionist", "POST", "intake", "contacts", call, key=f"call-{story.run}")
    return 1


def _contracts(story: Story, finance: Publisher) -> int:
    """Two contracts, and the days pass; returns how many mails they must give."""
    today = _today(story, 0)
    story.chapter(f"Ekonomisystemet och en upphandlare registrerar avtal ({today})")
    ends = today + timedelta(days=400)
    signed = {"reference": f"A-{story.run}", "title": "Städning av förskolor", "owner_id": "lind"}
    finance.publish("contract-signed", f"{story.run}-a", {**signed, "ends_on": ends.isoformat()}, key="A")
    finance.flush()
    registered = {"reference": f"B-{story.run}", "title": "Snöröjning", "owner_id": "sand"}
    body = {**registered, "ends_on": (ends + timedelta(days=10)).isoformat()}
    story.doors.call("buyer", "POST", "procurement", "contracts", body, key=f"contract-{story.run}")
    story.until("the contracts", lambda: len(_starts(story)) >= 2)
    days = (max(_starts(story)) - today).days
    story.chapter(f"{days} dagar går")
    _today(story, days)
    story.until("the time to procure", lambda: story.count("time-to-procure-reached") >= 2)
    return 2


def _starts(story: Story) -> list[date]:
    found = [one.data for one in story.said if short_type(one.type) == "contract-registered"]
    return [date.fromisoformat(one["start_procuring_on"]) for one in found if one["reference"].endswith(story.run)]


def _today(story: Story, days: int) -> date:
    told = story.doors.call("operator", "POST", "procurement", "development/clock", {"days": days})
    return datetime.fromisoformat(told["now"]).date()


def _counters(doors: Doors) -> Iterator[tuple[str, int]]:
    """How many events each service has acted on; behind a load balancer that keeps metrics inside nobody tells."""
    for service in filter(doors.shows_counters, SERVICES):
        yield service, doors.counted(service, "heard")


def _said(story: Story, service: str, *types: str) -> int:
    """How many events a service said: all, or those of these types."""
    own = [one for one in story.said if one.topic.startswith(f"{service}.")]
    return sum(not types or short_type(one.type) in types for one in own)


def _table(story: Story, mails: int, before: Mapping[str, int], now: Mapping[str, int]) -> Table:
    table = Table(title="Så gick det", title_justify="left")
    table.add_column("tjänst")
    for column in ("sade", *(["hörde"] if now else []), "parkerade", "avvisade", "mejlade"):
        table.add_column(column, justify="right")
    for service in SERVICES:
        heard = [str(now[service] - before.get(service, 0))] if now else []
        kept = [str(_said(story, service, one)) for one in ("event-parked", "inbound-rejected")]
        table.add_row(service, str(_said(story, service)), *heard, *kept, str(mails) if service == "notify" else "-")
    return table


def _end(story: Story, before: int, expected: int, counted: Mapping[str, int]) -> None:
    story.until("the last words", lambda: story.count("message-handed-over") >= expected)
    mails = story.tray.newest(story.tray.total() - before)
    twice = [one for one, count in Counter(mail["MessageID"] for mail in mails).items() if count > 1]
    table = _table(story, len(mails), counted, dict(_counters(story.doors)))
    story.console.print("\n", table)
    story.console.print(
        f"{story.count('contact-registered')} kontakter, {story.count('matter-assigned')} tilldelade ärenden, "
        f"{len(mails)} mejl (väntade {expected}), {len(twice)} mer än en gång."
    )
    if len(mails) != expected or twice:
        raise Problem(f"expected {expected} mails, each once; got {len(mails)}, {len(twice)} of them twice")


if __name__ == "__main__":
    main()
