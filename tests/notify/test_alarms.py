"""Who is told that a contact needs help at the reception, and what they read."""

import pytest

from tests.notify.settled import OFFICER, Notify, alarm, officer, officer_erased

BERG, SAND = "1460-o-berg", "1460-o-sand"


async def test_each_coordinator_is_told_once_of_an_alarm_and_nobody_else() -> None:
    notify = Notify()
    await notify.hear(
        officer(coordinator=True), officer(BERG, coordinator=True), officer(SAND, case_types=["ovrigt"]), alarm()
    )
    await notify.hear(alarm())
    assert sorted(one.recipient_id for one in await notify.messages()) == [BERG, OFFICER]


async def test_where_nobody_is_a_coordinator_those_are_told_who_take_what_is_left_over() -> None:
    notify = Notify()
    await notify.hear(officer(case_types=["bygglov"]), officer(SAND, case_types=["ovrigt"]), alarm())
    assert (await notify.message()).recipient_id == SAND


async def test_an_alarm_waits_until_there_is_somebody_to_tell() -> None:
    notify = Notify()
    await notify.hear(officer(case_types=["bygglov"]), alarm())
    assert (await notify.messages(), [row["kind"] for row in await notify.kept("parked")]) == ([], ["awaiting"])
    await notify.hear(officer(SAND, coordinator=True))
    await notify.hear(officer(BERG, coordinator=True), sequence=2)
    await notify.look_at_parked()
    assert sorted(one.recipient_id for one in await notify.messages()) == [BERG, SAND]


async def test_who_has_left_or_is_no_coordinator_any_more_is_not_told() -> None:
    notify = Notify()
    await notify.hear(officer(coordinator=True), officer(BERG, coordinator=True), officer(SAND, coordinator=True))
    await notify.hear(officer_erased(), officer(BERG), sequence=2)
    await notify.hear(alarm())
    assert (await notify.message()).recipient_id == SAND


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("promise-at-risk", "Löftet om svar håller på att brytas: K 2026/000123"),
        ("promise-broken", "Löftet om svar är brutet: K 2026/000123"),
        ("bounced", "En kontakt skickas runt: K 2026/000123"),
    ],
)
async def test_the_mail_says_which_contact_why_by_when_and_where_to_look(kind: str, subject: str) -> None:
    notify = Notify()
    await notify.hear(officer(coordinator=True), alarm(kind, bounces=2))
    message = await notify.message()
    body = message.body or ""
    assert (message.subject, message.wording) == (subject, "contact-alarmed")
    assert "Svar senast: 2026-11-24 10:30\n" in body
    assert "Gäller: stadigvarande serveringstillstånd, offentlig plats, torgplats eller uteservering\n" in body
    assert "Gånger den har bytt händer: 2\n" in body
    assert "/intake/v1/1460/contacts/1460-c-261124-1\n" in body
