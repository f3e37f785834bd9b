"""Two municipalities in one intake, each filled with words and ids that only its own people may read."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import httpx
from fastapi import FastAPI

from services.intake.app import create_app, parts
from services.intake.attachments import Arriving, Begun, take
from services.intake.model.contact import Arrival
from services.intake.model.retention import Announcement, RetentionRun
from services.intake.model.timeline import TimelineEntry
from services.intake.registration import Registers, register
from services.intake.settings import PublicForm, Settings
from services.intake.store.retention import Announcements, RetentionRuns
from services.intake.store.timeline import Timeline
from shared.platform.batch import Batch
from shared.platform.clock import FixedClock, SystemClock
from shared.platform.desk import Desk
from shared.platform.memory import MemoryDatabase
from shared.platform.memory_rows import decoded
from shared.platform.positions import Positions
from shared.platform.service import hearing_for
from shared.platform.settings import PlatformSettings, Publisher, Rate
from shared.platform.token import make_token
from shared.platform.understand import Record
from tests.intake.asking import LISTS, WORDS, Asked, Town
from tests.intake.at_doors import the_key
from tests.intake.page import Page
from tests.intake.settled import AT, contact, record
from tests.intake.test_attachments import coming
from tests.intake.visitor import READ, code_on
from tests.intake.who_may import DOORS, NOBODY

NUMBERS = {"1438": "556016-0680", "1439": "556703-7485"}
RATES = (Rate(from_on=date(2026, 1, 1), per_minute=100_000),)


class TwoTowns:
    """intake's doors on a fake database with both; `afresh` forgets all that was done since it was filled."""

    def __init__(self) -> None:
        self.towns = {code: Town(code) for code in WORDS}
        self.database, self.clock = MemoryDatabase(), FixedClock(AT)
        chosen = self._settings()
        self.app: FastAPI = create_app(chosen, self.database, self.clock, self.clock)
        self._hearing = hearing_for(parts(chosen), chosen.platform, self.database, self.clock, self.clock)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://intake")
        self._filled: dict[str, dict[Any, bytes]] = {}

    def _settings(self) -> Settings:
        types = ("contact-received",)
        towns = self.towns.values()
        publishers = tuple(
            Publisher(name=one.publisher, municipality=one.code, types=types, http_rates=RATES) for one in towns
        )
        platform = PlatformSettings(environment="development", jwt_key_file=the_key(), publishers=publishers)
        about = {"e_mail": "a@kommun.example", "phone": "0531-1", "data_protection": "b@kommun.example"}
        forms = tuple(PublicForm(municipality=one.code, name=one.word, **about) for one in towns)
        return Settings(platform=platform, forms=forms, forms_an_hour=100_000)

    async def knock(
        self, asked: Asked, roles: frozenset[str], of: frozenset[str], who: str = "", shown: Mapping[str, str] = {}
    ) -> httpx.Response:
        """The answer to somebody with these roles in these municipalities; to nobody at all without roles."""
        who = who or next((town.publisher for town in self.towns.values() if town.code in of), "nobody")
        headers = {"Authorization": f"Bearer {token_of(who, roles, of)}"} if roles else {}
        return await self.client.send(asked.request(self.client, {**headers, **shown}))

    def afresh(self) -> None:
        """As it was filled."""
        self.database.rows = {name: dict(rows) for name, rows in self._filled.items()}

    def before(self, collection: str) -> list[Any]:
        """What a collection held when it was filled."""
        return [decoded(row) for row in self._filled.get(collection, {}).values()]

    async def fill(self) -> None:
        """Both towns are given one of everything, and a second of all that is listed."""
        for town in self.towns.values():
            await self._fill(town)
        self._filled = {name: dict(rows) for name, rows in self.database.rows.items()}

    async def _fill(self, town: Town) -> None:
        await self._attached(town)
        for _ in range(2):
            await self._called(town)
        await self._written(town)
        await self._sent_form(town)
        await self._published(town)
        await self._happened(town)
        await self._disposed_of(town)
        town.cursors = {path: await self._cursor(town, path) for path in LISTS}

    async def _attached(self, town: Town) -> None:
        """A mail with a file."""
        desk, name = Desk(self._hearing), f"{town.word}.txt"
        arriving = Arriving(town.code, name, "text/plain", coming(town.word.encode()))
        attachment = await take(arriving, desk)

        wished: dict[str, Any] = {"wish": town.word, "attachments": (attachment,)}

        async def take_down(registers: Registers) -> Begun:
            arrived: dict[str, Any] = {"municipality": town.code, "key": "k", "by": "mail", "channel": "e-mail"}
            found = await register(Arrival(**arrived, **wished, received_at=AT), registers, AT)
            return Begun(upload_id=found.contact_id)

        mailed = (await desk.do(take_down)).upload_id
        town.ids |= {"attachment_id": attachment.attachment_id, "mailed": mailed}

    async def _called(self, town: Town) -> None:
        company = {"organisation_number": NUMBERS[town.code], "name": f"{town.word} AB"}
        person = {"name": town.word, "phone": "0531-12345", "e_mail": f"{town.word}@x.example"}
        asked = {"channel": "phone", "wish": town.word, "company": company, "person": person, "summary": town.word}
        told = await self._done(town, "receptionist", "POST", "/contacts", {**asked, "season": town.word})
        named = {name: told[name] for name in ("contact_id", "party_id")}
        town.ids |= {**named, "kind": "contacts", "subject_id": told["contact_id"], "case_type": "serv_stad"}
        town.ids |= {"code": "serv_stad", "year": "2026", "group": "contacts", "number": str(int(told["number"][-6:]))}

    async def _written(self, town: Town) -> None:
        """Notes, what was found secret, holds, and what was given out."""
        path = f"/contacts/{town.ids['contact_id']}"
        for _ in range(2):
            note = await self._done(town, "receptionist", "POST", f"{path}/notes", {"text": town.word})
            await self._done(town, "registrar", "GET", f"/register/2026/{town.ids['number']}/export")
        town.ids["note_id"] = note["note_id"]
        found = {"field": "opening", "secrecy": "secret", "paragraph": "OSL 19:1", "why": town.word}
        await self._done(town, "registrar", "POST", f"{path}/secrecy", found)
        await self._done(town, "registrar", "POST", f"{path}/holds", {"reason": town.word})

    async def _sent_form(self, town: Town) -> None:
        page = Page.of((await self.client.get(f"/intake/v1/{town.code}/form")).text)
        self.clock.advance(READ)
        sent = await self.client.post(f"/intake/v1/{town.code}/form", data={**page.values, "wish": town.word})
        town.ids["form_id"] = page.values["form_id"]
        town.form_code = code_on(Page.of((await self.client.get(sent.headers["location"])).text))

    async def _published(self, town: Town) -> None:
        """A good event, and two that are wrong."""
        topic = f"inbox.{town.publisher}.v1"
        told = {"good": contact(wish=town.word), "bad": {}, "worse": {}}
        records = [_from(town, record(data, name, nth, topic)) for nth, (name, data) in enumerate(told.items())]
        session = await self.database.session()
        positions = Positions(self.database, "intake")
        await positions.take({(topic, 0)}, session.id)
        await Batch(self._hearing, positions, session).take(records)
        parked = await self.database.find("parked", {"municipality": town.code})
        town.ids["parking_id"] = parked[0]["_id"]

    async def _happened(self, town: Town) -> None:
        """Two entries of the company's timeline."""

        async def happen(timeline: Timeline) -> Begun:
            for nth in range(2):
                named = f"{town.code}-m-{nth}"
                what = ("matter-opened", named, (town.word,), f"/routing/v1/{town.code}/matters/{named}")
                timeline.save(TimelineEntry(town.code, f"{named}-t-1", town.ids["party_id"], AT, *what))
            return Begun(upload_id="")

        await Desk(self._hearing).do(happen)

    async def _disposed_of(self, town: Town) -> None:
        """Two runs of the retention plan, and two things that one of them took."""
        town.ids["run_id"] = f"{town.code}-r-1"
        days: dict[str, Any] = {"due_on": AT.date(), "announced_on": AT.date(), "number": "K 1", "reference": "KS 1"}
        what = {"kind": "contacts", "subject_id": town.ids["contact_id"], "rule": town.word, **days}

        async def run(runs: RetentionRuns, announcements: Announcements) -> Begun:
            for nth in range(2):
                runs.save(RetentionRun(town.code, f"{town.code}-r-{nth}", AT.date(), AT, None))
                announced = Announcement(town.code, f"{town.code}-g-{nth}", fate="erase", **what)
                announcements.save(announced.taken(town.ids["run_id"], AT))
            return Begun(upload_id="")

        await Desk(self._hearing).do(run)

    async def _cursor(self, town: Town, path: str) -> str:
        role = sorted(DOORS["GET", path] - {NOBODY})[-1]
        told = await self._done(town, role, "GET", f"{path.format(**town.ids)}?limit=1")
        assert told["next"], f"{path} has one piece only"
        following: str = told["next"]
        return following

    async def ask(self, town: Town, role: str, method: str, path: str, body: Any = None) -> httpx.Response:
        """The answer to somebody of the town with this role."""
        headers = {"Authorization": f"Bearer {token_of('anna', frozenset({role}), frozenset({town.code}))}"}
        sent = {} if body is None else {"json": body}
        return await self.client.request(method, f"/intake/v1/{town.code}{path}", headers=headers, **sent)

    async def _done(self, town: Town, role: str, method: str, path: str, body: Any = None) -> Any:
        answer = await self.ask(town, role, method, path, body)
        assert answer.status_code < 300, (path, answer.text)
        return answer.json()


def _from(town: Town, one: Record) -> Record:
    source = ("ce_source", f"/{town.word}".encode())
    headers = [source if name == "ce_source" else (name, value) for name, value in one.headers]
    return Record(one.topic, one.partition, one.offset, one.key, one.value, headers)


@cache
def filled() -> TwoTowns:
    """Both towns, filled once for a test process."""
    towns = TwoTowns()
    asyncio.run(towns.fill())
    return towns


@cache
def token_of(who: str, roles: frozenset[str], of: frozenset[str]) -> str:
    return make_token(the_key(), "kommunkontakt", who, sorted(roles), sorted(of), timedelta(hours=8), SystemClock())
