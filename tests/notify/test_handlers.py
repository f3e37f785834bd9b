"""What notify plans when it hears of parties, officers, assignments and contracts."""

from tests.notify.settled import MATTER, OFFICER, PARTY, Notify, assigned, news, officer, party, reached, record


async def test_an_assignment_plans_one_message_to_the_officer_and_one_to_the_party() -> None:
    notify = Notify()
    await notify.hear(officer(), party(), assigned())
    to_officer, to_party = sorted(await notify.messages(), key=lambda one: one.recipient_id)
    assert (to_officer.recipient_id, to_officer.wording) == (OFFICER, "matter-assigned-officer")
    assert (to_party.recipient_id, to_party.wording) == (PARTY, "matter-assigned-party")
    assert {one["recipient_id"] for one in await notify.said("message-planned")} == {OFFICER, PARTY}
    assert to_party.message_id.startswith("1460-n-")
    assert to_party.correlation == "1460-c-1/1/1"


async def test_the_party_reads_who_the_officer_is_and_the_officer_why() -> None:
    notify = Notify()
    await notify.hear(officer(), party(), assigned())
    to_officer, to_party = sorted(await notify.messages(), key=lambda one: one.recipient_id)
    assert "Karin Lind" in str(to_party.body)
    assert "Karin Lind" in str(to_party.subject)
    assert "Minst belastad." in str(to_officer.body)
    assert "Glass AB" not in str(to_officer.body)


async def test_each_reads_their_own_language() -> None:
    notify = Notify()
    await notify.hear(officer(), party(language="en-GB"), assigned())
    to_officer, to_party = sorted(await notify.messages(), key=lambda one: one.recipient_id)
    assert to_party.subject == "Karin Lind is the officer for your matter"
    assert str(to_officer.subject).startswith("Nytt ärende")


async def test_a_party_without_e_mail_gets_no_message_and_nothing_is_parked() -> None:
    notify = Notify()
    await notify.hear(officer(), party(e_mail=None), assigned())
    assert [one.recipient_id for one in await notify.messages()] == [OFFICER]
    assert await notify.kept("parked") == []


async def test_a_matter_of_nobody_known_tells_only_the_officer() -> None:
    notify = Notify()
    await notify.hear(officer(), assigned(party_id=None))
    assert [one.recipient_id for one in await notify.messages()] == [OFFICER]


async def test_an_assignment_waits_until_officer_and_party_are_declared() -> None:
    notify = Notify()
    await notify.hear(assigned())
    [parked] = await notify.kept("parked")
    assert (parked["kind"], parked["awaits"]) == ("awaiting", OFFICER)
    await notify.hear(officer())
    [parked] = await notify.kept("parked")
    assert (parked["open"], parked["awaits"]) == (True, PARTY)
    assert await notify.messages() == []
    await notify.hear(party())
    [parked] = await notify.kept("parked")
    assert not parked["open"]
    assert {one.recipient_id for one in await notify.messages()} == {OFFICER, PARTY}


async def test_the_same_event_delivered_again_plans_once() -> None:
    notify = Notify()
    await notify.hear(officer(), party())
    again = record(assigned())
    await notify.take(again)
    await notify.take(again._replace(offset=1), again._replace(offset=2))
    assert len(await notify.messages()) == 2
    assert len(await notify.said("message-planned")) == 2


async def test_a_matter_given_to_another_officer_tells_both_officers_and_the_party_twice() -> None:
    notify = Notify()
    await notify.hear(officer(), officer("1460-o-berg", name="Olle Berg"), party(), assigned())
    await notify.hear(assigned(officer_id="1460-o-berg"), sequence=2)
    bodies = [str(one.body) for one in await notify.messages() if one.recipient_id == PARTY]
    assert ["Karin Lind" in body for body in bodies] == [True, False]
    assert {one.recipient_id for one in await notify.messages()} == {OFFICER, "1460-o-berg", PARTY}


async def test_the_owner_of_a_contract_is_told_that_it_is_time_to_procure_and_by_which_rule() -> None:
    notify = Notify()
    await notify.hear(officer(), reached())
    message = await notify.message()
    assert (message.recipient_id, message.wording, message.about_id) == (OFFICER, "time-to-procure", "1460-a-1")
    for said in ("Städning av förskolor", "2027-08-31", "2026-11-24", "lead-time-default", "Kommunens rutin"):
        assert said in str(message.body)
    assert "ej verifierad uppgift" in str(message.body)


async def test_time_to_procure_waits_for_an_owner_who_is_not_declared_yet() -> None:
    notify = Notify()
    await notify.hear(reached())
    assert await notify.messages() == []
    await notify.hear(officer())
    assert (await notify.message()).recipient_id == OFFICER


async def test_what_is_declared_again_unchanged_is_not_written_again() -> None:
    notify = Notify()
    await notify.hear(officer(), party())
    before = await notify.kept("recipients")
    await notify.hear(officer(), party(), sequence=2)
    assert await notify.kept("recipients") == before
    await notify.hear(officer(e_mail="ny@kommun.example"), party(name="Nya Glass AB"), sequence=3)
    assert {one["_v"] for one in await notify.kept("recipients")} == {2}


async def test_nothing_personal_is_said() -> None:
    notify = Notify()
    await notify.hear(officer(), party(), assigned(), reached())
    await notify.look()
    said = b"".join(bytes(one["b"]) for one in await notify.kept("outbox"))
    for secret in (b"Lind", b"Glass", b"@", "Städning".encode()):
        assert secret not in said
    assert MATTER.encode() in said


async def test_an_officer_is_told_that_the_company_has_contacted_us_again_and_while_a_matter_waits_nobody_is() -> None:
    notify = Notify()
    await notify.hear(officer(), news())
    await notify.hear(news(matter_id="1460-m-2", officer_id=None))
    [message] = await notify.messages()
    assert (message.recipient_id, message.wording) == (OFFICER, "matter-contact-added")
    assert "1460-c-2" in str(message.body)
