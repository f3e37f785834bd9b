"""A contact at the reception: answered at once, or handed over and on the list until somebody has it."""

import asyncio
import csv
import io
from datetime import timedelta

import pytest

from tests.intake.at_reception import CALL, LIND, SOON, AtReception, assigned, gone, joined, officer, opened, waiting
from tests.intake.settled import contact

ASKED = {"function": "Alkoholhandläggare", "promised_at": SOON, "case_types": ["serv_stad"]}
ANSWER = {"case_type": "serv_tillf"}
NOBODY, KARIN = (None, None), ("Karin Lind", "0531-526000")


async def test_a_contact_is_handed_over_with_the_function_the_promise_and_what_was_said() -> None:
    async with AtReception() as place:
        contact = await place.registered()
        told = await place.handed_over(contact["contact_id"], said="Har ritning.", case_types=["serv_stad", "markuppl"])
        assert (told["state"], told["case_types"], told["waits"]) == ("handed-over", ["serv_stad", "markuppl"], True)
        assert told["handed_over"] == {
            "function": "Alkoholhandläggare",
            "at": "2026-11-24T09:30:00Z",
            "by": "the-receptionist",
            "times": 1,
        }
        assert (told["promised"]["at"], told["answer_by"]) == ("2026-11-24T13:00:00Z", "2026-11-24T13:00:00Z")
        [said] = await place.said("contact-referred")
        assert (said["case_types"], said["promised_at"], said["times"]) == (
            ["serv_stad", "markuppl"],
            "2026-11-24T13:00:00Z",
            1,
        )
        [note] = (await place.get(f"/contacts/{contact['contact_id']}/notes")).json()["items"]
        assert (note["text"], note["by"]) == ("Har ritning.", "the-receptionist")
        assert "ritning" not in str(await place.kept("outbox"))
        assert "Alkoholhandläggare" not in str(await place.kept("outbox"))


async def test_a_call_is_registered_and_handed_over_in_one_call() -> None:
    async with AtReception() as place:
        promised = {"at": SOON, "by": "Bygglovshandläggare"}
        told = await place.registered(case_types=["bygglov"], promised=promised)
        assert (told["state"], told["handed_over"]["function"]) == ("handed-over", "Bygglovshandläggare")
        assert told["answer_by"] == "2026-11-24T13:00:00Z"
        assert await place.said("contact-referred") == []
        [said] = await place.said("contact-registered")
        assert "at_reception" not in said


async def test_it_is_taken_only_when_each_of_its_case_types_is_with_somebody_and_named_in_the_call() -> None:
    async with AtReception() as place:
        contact_id = (await place.registered())["contact_id"]
        await place.handed_over(contact_id, case_types=["serv_stad", "markuppl"])
        await place.hear(assigned(contact_id), opened(contact_id, "markuppl"), waiting(contact_id, "markuppl"))
        assert (await place.seen(contact_id))["state"] == "handed-over"
        assert await place.listed("waiting") == [contact_id]
        await place.hear(officer(), assigned(contact_id, "markuppl"))
        told = await place.seen(contact_id)
        assert (told["state"], told["waits"]) == ("taken", False)
        assert [(one["case_type"], one["name"], one["phone"]) for one in told["held"]] == [
            ("markuppl", *KARIN),
            ("serv_stad", *KARIN),
        ]
        assert told["held"][1]["function_sv"] == "Alkoholhandläggare"
        assert await place.listed("waiting") == []


async def test_an_officer_who_has_left_is_named_no_more() -> None:
    async with AtReception() as place:
        contact_id = (await place.registered(case_types=["serv_stad"]))["contact_id"]
        await place.hear(officer(), assigned(contact_id))
        await place.hear(gone())
        [held] = (await place.seen(contact_id))["held"]
        assert (held["officer_id"], held["name"], held["phone"]) == (LIND, *NOBODY)
        assert "Lind" not in str(await place.kept("officers"))


async def test_a_matter_that_comes_before_its_contact_waits_for_it() -> None:
    async with AtReception() as place:
        missing = "1460-c-261124-00000000000000000000"
        await place.hear(assigned(missing))
        assert await place.waits_for() == [missing]


async def test_whoever_waits_is_answered_as_soon_as_somebody_has_it() -> None:
    async with AtReception() as place:
        contact_id = (await place.registered(case_types=["serv_stad"]))["contact_id"]
        asking = asyncio.create_task(place.get(f"/contacts/{contact_id}", wait=8))
        await place.hear(officer(), assigned(contact_id))
        async with asyncio.timeout(5):
            told = (await asking).json()
        assert [(one["name"], one["phone"]) for one in told["held"]] == [KARIN]


async def test_nobody_waits_for_a_contact_that_is_not_handed_over() -> None:
    async with AtReception() as place:
        contact_id = (await place.registered())["contact_id"]
        async with asyncio.timeout(4):
            told = await place.get(f"/contacts/{contact_id}", wait=8)
        assert told.json()["state"] == "at-reception"
        assert (await place.get(f"/contacts/{contact_id}", wait=9)).status_code == 422


async def test_a_contact_that_joined_the_matter_of_another_is_with_whoever_has_that() -> None:
    company = {"company": {"organisation_number": "556016-0680"}, "case_types": ["serv_stad"]}
    async with AtReception() as place:
        first, second = [(await place.registered(**company))["contact_id"] for _ in range(2)]
        await place.hear(waiting(first), joined(second, first, None))
        assert (await place.seen(second))["state"] == "handed-over"
        await place.hear(assigned(first, "serv_stad", LIND, second))
        assert [(await place.seen(one))["state"] for one in (first, second)] == ["taken", "taken"]
        await place.post(f"/contacts/{second}/links/serv_stad/undo", {"why": "En annan lokal."})
        parted = await place.seen(second)
        assert (parted["state"], parted["held"], parted["waits"]) == ("handed-over", [], True)
        await place.hear(joined(second, first, LIND))
        assert (await place.seen(second))["held"] == []
        await place.hear(assigned(second))
        assert (await place.seen(second))["state"] == "taken"


async def test_a_contact_is_answered_by_the_card_in_force_and_closed() -> None:
    async with AtReception() as place:
        contact_id = (await place.registered())["contact_id"]
        door = f"/contacts/{contact_id}/answer"
        told = (await place.post(door, {**ANSWER, "card_version": 1, "note": "Läste upp kortet."}, key="a")).json()
        assert (told["state"], told["waits"], told["case_types"]) == ("answered", False, ["serv_tillf"])
        assert (told["answered"]["card"], told["answered"]["by"]) == ("serv_tillf v1", "the-receptionist")
        [said] = await place.said("contact-answered")
        assert (said["case_type"], said["card"]) == ("serv_tillf", "serv_tillf v1")
        [note] = (await place.get(f"/contacts/{contact_id}/notes")).json()["items"]
        assert note["text"] == "Läste upp kortet."
        again = await place.post(door, {**ANSWER, "card_version": 1, "note": "Läste upp kortet."}, key="a")
        assert again.json() == told


async def test_a_call_is_registered_and_answered_in_one_call() -> None:
    async with AtReception() as place:
        told = await place.registered(answered=ANSWER)
        assert (told["state"], told["answered"]["card"]) == ("answered", "serv_tillf v1")
        both = await place.post("/contacts", {**CALL, "case_types": ["folkol"], "answered": ANSWER})
        assert (both.status_code, both.json()["errors"][0]["pointer"]) == (422, "/case_types")


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"case_type": "finns_inte"}, "/case_type"),
        ({"case_type": "serv_tillf", "card_version": 99}, "/card_version"),
    ],
)
async def test_an_answer_by_what_is_not_in_force_says_where(asked: dict[str, object], pointer: str) -> None:
    async with AtReception() as place:
        contact_id = (await place.registered())["contact_id"]
        refused = await place.post(f"/contacts/{contact_id}/answer", asked)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
        assert await place.said("contact-answered") == []


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({**ASKED, "case_types": ["serv_stad", "finns_inte"]}, "/case_types/1"),
        ({**ASKED, "promised_at": "2026-11-24T09:00:00Z"}, "/promised_at"),
    ],
)
async def test_a_hand_over_that_cannot_be_says_where(asked: dict[str, object], pointer: str) -> None:
    async with AtReception() as place:
        contact_id = (await place.registered())["contact_id"]
        refused = await place.post(f"/contacts/{contact_id}/hand-over", asked)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_what_was_handed_over_is_not_answered_at_the_first_contact_nor_the_other_way_round() -> None:
    async with AtReception() as place:
        handed = (await place.registered(case_types=["serv_stad"]))["contact_id"]
        refused = await place.post(f"/contacts/{handed}/answer", ANSWER)
        assert (refused.status_code, "första kontakten" in refused.json()["detail"]) == (409, True)
        answered = (await place.registered(answered=ANSWER))["contact_id"]
        refused = await place.post(f"/contacts/{answered}/hand-over", ASKED)
        assert (refused.status_code, "redan besvarad" in refused.json()["detail"]) == (409, True)
        assert (await place.post("/contacts/1460-c-x/answer", ANSWER)).status_code == 404


@pytest.mark.parametrize("role", ["officer", "registrar", "manager", "publisher", "public"])
async def test_only_the_reception_and_the_coordinators_work_at_its_doors(role: str) -> None:
    async with AtReception() as place:
        contact_id = (await place.registered())["contact_id"]
        assert (await place.post(f"/contacts/{contact_id}/answer", ANSWER, role=role)).status_code == 403
        assert (await place.post(f"/contacts/{contact_id}/hand-over", ASKED, role=role)).status_code == 403
        assert (await place.get("/reception", role=role)).status_code == 403


async def test_a_promise_about_to_break_is_alarmed_once_before_it_breaks_and_once_when_it_has() -> None:
    async with AtReception() as place:
        contact_id = (await place.registered())["contact_id"]
        await place.handed_over(contact_id)  # at 09:30 for 13:00: a quarter of the time is left at 12:07:30
        await place.later(timedelta(hours=2, minutes=37))
        assert (await place.alarms(), await place.listed("at-risk")) == ([], [])
        await place.later(timedelta(minutes=1))
        await place.later(timedelta(minutes=1))
        assert await place.alarms() == ["promise-at-risk"]
        assert await place.listed("at-risk") == [contact_id]
        await place.later(timedelta(hours=1))
        await place.later(timedelta(days=30))
        assert await place.alarms() == ["promise-at-risk", "promise-broken"]
        assert (await place.seen(contact_id))["alarm"] == "promise-broken"


async def test_after_downtime_only_what_is_still_true_is_alarmed() -> None:
    async with AtReception() as place:
        late = (await place.registered())["contact_id"]
        await place.handed_over(late)
        kept = (await place.registered(case_types=["serv_stad"]))["contact_id"]
        await place.hear(assigned(kept))
        await place.registered(answered=ANSWER)
        await place.later(timedelta(days=7))
        assert await place.alarms() == ["promise-broken"]
        [alarm] = await place.said("contact-alarmed")
        assert (alarm["contact_id"], alarm["answer_by"]) == (late, "2026-11-24T13:00:00Z")


async def test_a_new_promise_is_alarmed_anew() -> None:
    async with AtReception() as place:
        contact_id = (await place.registered())["contact_id"]
        await place.handed_over(contact_id)
        await place.later(timedelta(hours=3))
        again = {"function": "Alkoholhandläggare", "promised_at": "2026-11-25T12:00:00Z"}
        told = (await place.post(f"/contacts/{contact_id}/hand-over", again)).json()
        assert (told["alarm"], told["bounces"], told["handed_over"]["times"]) == (None, 0, 2)
        await place.later(timedelta(hours=20))
        assert await place.alarms() == ["promise-at-risk", "promise-at-risk"]


async def test_a_contact_without_a_promise_is_owed_an_answer_as_its_channel_has_it() -> None:
    async with AtReception() as place:
        phone, web = [(await place.registered(channel=channel))["answer_by"] for channel in ("phone", "web")]
        assert (phone, web) == ("2026-11-24T15:30:00Z", "2026-11-25T15:30:00Z")
        await place.later(timedelta(hours=5, minutes=30))
        assert await place.alarms() == ["promise-at-risk"]


async def test_each_change_of_hands_is_counted_and_the_second_alarms() -> None:
    async with AtReception() as place:
        contact_id = (await place.registered(case_types=["serv_stad"]))["contact_id"]
        await place.hear(assigned(contact_id))
        told = await place.handed_over(contact_id, function="Miljöinspektörer")
        assert (told["bounces"], told["state"], await place.alarms()) == (1, "taken", [])
        await place.hear(assigned(contact_id, "serv_stad", "1460-o-berg"))
        assert (await place.seen(contact_id))["bounces"] == 2
        assert await place.alarms() == ["bounced"]
        assert await place.listed("bounced") == [contact_id]
        await place.hear(assigned(contact_id, "serv_stad", "1460-o-berg"))
        assert await place.alarms() == ["bounced"]


async def test_the_lists_are_in_the_order_of_what_is_owed_and_come_in_pages() -> None:
    async with AtReception() as place:
        times = ["2026-11-26T12:00:00Z", "2026-11-24T12:00:00Z", "2026-11-24T11:00:00Z"]
        ids = [(await place.registered())["contact_id"] for _ in times]
        for contact_id, moment in zip(ids, times, strict=True):
            await place.handed_over(contact_id, promised_at=moment)
        assert await place.listed("waiting") == ids[::-1]
        assert await place.listed("promised-today") == [ids[2], ids[1]]
        first = (await place.get("/reception", limit=2)).json()
        rest = (await place.get("/reception", limit=2, cursor=first["next"])).json()
        assert [one["contact_id"] for one in (*first["items"], *rest["items"])] == ids[::-1]
        assert rest["next"] is None


async def test_a_list_comes_as_csv_with_a_link_to_the_next_piece_and_no_formula() -> None:
    async with AtReception() as place:
        for _ in range(2):
            await place.handed_over((await place.registered())["contact_id"], function="=HYPERLINK(1)")
        answer = await place.get("/reception", format="csv", limit=1)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert 'rel="next"' in answer.headers["link"]
        [row] = csv.DictReader(io.StringIO(answer.text))
        assert (row["state"], row["case_types"], row["handed_over.function"]) == (
            "handed-over",
            "serv_stad",
            "'=HYPERLINK(1)",
        )
        assert CALL["wish"] not in answer.text


async def test_the_report_tells_the_share_answered_by_week_channel_and_type_and_how_long_people_waited() -> None:
    async with AtReception() as place:
        quick = {"received_at": "2026-11-24T09:20:00Z"}
        for _ in range(3):
            await place.registered(answered=ANSWER, **quick)
        await place.registered(case_types=["serv_tillf", "markuppl"], **quick)
        later = (await place.registered(channel="web", received_at="2026-11-24T08:30:00Z"))["contact_id"]
        await place.handed_over(later)
        rows = (await place.get("/reports/first-contact", role="manager")).json()["rows"]
        told = {(one["week"], one["channel"], one["case_type"]): one for one in rows}
        assert _figures(told[None, None, None]) == (3, 2, 0.6, 5)
        assert _figures(told["2026-W48", None, None]) == (3, 2, 0.6, 5)
        assert _figures(told[None, "phone", None]) == (3, 1, 0.75, 4)
        assert _figures(told[None, None, "serv_tillf"]) == (3, 1, 0.75, 4)
        assert _figures(told["2026-W48", "phone", "markuppl"]) == (0, 1, 0.0, 1)
        assert _figures(told["2026-W48", "web", "serv_stad"]) == (0, 1, 0.0, 1)
        assert told[None, None, None]["median_seconds"] == pytest.approx(600, rel=0.05)
        assert told[None, None, None]["p90_seconds"] == pytest.approx(3600, rel=0.05)


async def test_what_goes_on_at_once_is_first_dealt_with_when_an_officer_has_it_and_counted_once() -> None:
    async with AtReception() as place:
        await place.publish(contact(case_type="serv_stad", received_at="2026-11-24T10:30:00+01:00"))
        [kept] = await place.kept("contacts")
        contact_id = kept["contact_id"]
        await place.hear(opened(contact_id), assigned(contact_id))
        await place.hear(assigned(contact_id, "serv_stad", "1460-o-berg"))
        rows = (await place.get("/reports/first-contact")).json()["rows"]
        assert _figures(rows[0]) == (0, 1, 0.0, 1)
        assert rows[0]["median_seconds"] == pytest.approx(60, rel=0.05)


async def test_a_report_of_weeks_without_contacts_or_in_the_wrong_order() -> None:
    async with AtReception() as place:
        await place.registered(answered=ANSWER)
        before = await place.get("/reports/first-contact", **{"from": "2026-10-01", "to": "2026-11-22"})
        assert (before.json()["last_week"], before.json()["rows"]) == ("2026-W47", [])
        wrong = await place.get("/reports/first-contact", **{"from": "2026-11-24", "to": "2026-11-23"})
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/query/from")
        table = await place.get("/reports/first-contact", format="csv")
        assert [row["answered"] for row in csv.DictReader(io.StringIO(table.text))] == ["1"] * 5


def _figures(row: dict[str, object]) -> tuple[object, ...]:
    return row["answered"], row["handed_over"], row["share_answered"], row["dealt_with"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-24T09:00", "5"])
async def test_a_moment_that_is_none_is_refused_at_its_place(moment: str) -> None:
    async with AtReception() as place:
        contact_id = (await place.registered())["contact_id"]
        refused = await place.post(f"/contacts/{contact_id}/hand-over", {**ASKED, "promised_at": moment})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/promised_at")
        refused = await place.post("/contacts", {**CALL, "promised": {"at": moment, "by": "Växeln"}})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/promised/at")


async def test_a_report_of_the_first_and_of_the_last_days_that_there_are() -> None:
    async with AtReception() as place:
        for day, week in (("0001-01-01", "0001-W01"), ("9999-12-31", "9999-W52")):
            told = await place.get("/reports/first-contact", to=day)
            assert (told.status_code, told.json()["last_week"], told.json()["rows"]) == (200, week, [])
