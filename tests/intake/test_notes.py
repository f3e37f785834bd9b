"""Notes stand: what was once written down is there, word for word, whatever is asked of the doors afterwards."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.intake.at_doors import AtDoors

CALL = {"channel": "phone", "wish": "Får vi ha uteservering?"}
SAID = {"text": "Ville veta om uteserveringen får ha tak."}


async def a_contact(doors: AtDoors) -> str:
    contact_id: str = (await doors.post("/contacts", CALL)).json()["contact_id"]
    return contact_id


async def test_a_note_tells_what_when_and_by_whom() -> None:
    async with AtDoors() as doors:
        contact_id = await a_contact(doors)
        written = await doors.post(f"/contacts/{contact_id}/notes", SAID)
        assert written.status_code == 201
        [note] = (await doors.get(f"/contacts/{contact_id}/notes")).json()["items"]
        assert note == written.json()
        told = (note["text"], note["at"], note["by"], note["version"], note["why"])
        assert told == (SAID["text"], "2026-11-24T09:30:00Z", "the-receptionist", 1, None)


async def test_a_correction_stands_beside_what_it_corrects_with_its_reason() -> None:
    async with AtDoors() as doors:
        contact_id = await a_contact(doors)
        first = (await doors.post(f"/contacts/{contact_id}/notes", SAID)).json()
        doors.clock.advance(timedelta(minutes=5))
        asked = {"text": "Ville veta om uteserveringen får ha vägg.", "why": "Hörde fel."}
        corrections = f"/contacts/{contact_id}/notes/{first['note_id']}/corrections"
        second = (await doors.post(corrections, asked, role="coordinator")).json()
        assert (second["version"], second["by"], second["why"]) == (2, "the-coordinator", "Hörde fel.")
        assert (await doors.get(f"/contacts/{contact_id}/notes")).json()["items"] == [first, second]


async def test_notes_come_in_pieces_as_they_were_begun_each_with_its_versions() -> None:
    async with AtDoors() as doors:
        contact_id = await a_contact(doors)
        begun = []
        for text in ("ett", "två", "tre"):
            doors.clock.advance(timedelta(minutes=1))
            begun.append((await doors.post(f"/contacts/{contact_id}/notes", {"text": text})).json()["note_id"])
        await doors.post(f"/contacts/{contact_id}/notes/{begun[0]}/corrections", {"text": "noll", "why": "fel"})
        first = (await doors.get(f"/contacts/{contact_id}/notes", limit=2)).json()
        rest = (await doors.get(f"/contacts/{contact_id}/notes", limit=2, cursor=first["next"])).json()
        assert [one["text"] for one in first["items"] + rest["items"]] == ["ett", "noll", "två", "tre"]
        assert rest["next"] is None


async def test_the_bus_hears_that_there_is_a_note_and_not_what_it_says() -> None:
    async with AtDoors() as doors:
        contact_id = await a_contact(doors)
        note = (await doors.post(f"/contacts/{contact_id}/notes", SAID)).json()
        [said] = [one for one in await doors.kept("outbox") if b"note-added" in bytes(one["h"]["ce_type"])]
        assert note["version_id"].encode() in bytes(said["b"])
        assert b"uteserveringen" not in bytes(said["b"])
        assert b"uteserveringen" not in b"".join(bytes(one["text"]) for one in await doors.kept("notes"))


@pytest.mark.parametrize("role", ["officer", "manager", "publisher", "public", "buyer", "operator"])
async def test_who_may_not_write_does_not(role: str) -> None:
    async with AtDoors() as doors:
        contact_id = await a_contact(doors)
        assert (await doors.post(f"/contacts/{contact_id}/notes", SAID, role=role)).status_code == 403


async def test_a_note_belongs_to_its_contact_and_town() -> None:
    async with AtDoors() as doors:
        one, other = await a_contact(doors), await a_contact(doors)
        note_id = (await doors.post(f"/contacts/{one}/notes", SAID)).json()["note_id"]
        elsewhere = await doors.post(f"/contacts/{other}/notes/{note_id}/corrections", {**SAID, "why": "?"})
        assert elsewhere.status_code == 404
        assert (await doors.post("/contacts/1460-c-nobody/notes", SAID)).status_code == 404
        assert (await doors.get("/contacts/1460-c-nobody/notes")).status_code == 404


@dataclass(frozen=True)
class Call:
    """Something that somebody asks of the doors of notes."""

    correct: int | None
    letters: int
    why: str
    key: str | None
    role: str

    @property
    def text(self) -> str:
        """As long as it was drawn; the text itself would make failures unreadable."""
        return "x" * self.letters


CALLS = st.builds(
    Call,
    correct=st.none() | st.integers(0, 3),
    letters=st.sampled_from([0, 1, 2, 20_001]),
    why=st.sampled_from(["fel", ""]),
    key=st.none() | st.sampled_from(["k1", "k2"]),
    role=st.sampled_from(["receptionist", "coordinator", "officer"]),
)


@given(st.lists(CALLS, max_size=12))
@settings(max_examples=40, deadline=None)
def test_no_sequence_of_calls_changes_a_version_that_was_kept(calls: list[Call]) -> None:
    asyncio.run(_nothing_kept_changes(calls))


async def _nothing_kept_changes(calls: list[Call]) -> None:
    async with AtDoors() as doors:
        contact_id = await a_contact(doors)
        notes: list[str] = []
        before: dict[str, object] = {}
        for call in calls:
            doors.clock.advance(timedelta(seconds=1))
            answer = await doors.post(*_door(call, contact_id, notes), key=call.key, role=call.role)
            if answer.status_code == 201:
                notes.append(answer.json()["note_id"])
            now: dict[str, object] = {one["_id"]: one for one in await doors.kept("notes")}
            assert before.items() <= now.items()
            assert len(now) - len(before) in (0, 1)
            assert answer.status_code == 201 or now == before
            before = now
        read = (await doors.get(f"/contacts/{contact_id}/notes", limit=100)).json()["items"]
        assert {one["version_id"] for one in read} == before.keys()


def _door(call: Call, contact_id: str, notes: list[str]) -> tuple[str, dict[str, str]]:
    path = f"/contacts/{contact_id}/notes"
    if call.correct is None or not notes:
        return path, {"text": call.text}
    return f"{path}/{notes[call.correct % len(notes)]}/corrections", {"text": call.text, "why": call.why}
