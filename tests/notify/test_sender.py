"""How messages are handed over: once, in order, and what is done when it goes wrong."""

import asyncio
from datetime import datetime, timedelta

import pytest

from services.notify.model import Letter, Outcome, Receipt, State
from services.notify.sender import AT_ONCE, WHEN_AWAY
from shared.platform.database import Document
from shared.platform.errors import LostRace, TryAgain, UnknownCommit, Unwritable
from shared.platform.memory import MemoryDatabase, MemoryTransaction
from tests.notify.settled import AT, OFFICER, TAKEN, Notify, assigned, officer, party, until

SOON = timedelta(seconds=11)
LATER, NEVER = Receipt(Outcome.LATER, "451"), Receipt(Outcome.NEVER, "550 5.1.1")
AWAY, UNKNOWN = Receipt(Outcome.AWAY, "SMTPConnectError"), Receipt(Outcome.UNKNOWN, "SMTPServerDisconnected")


class Killed(BaseException):
    """The process is gone."""


async def killed_while_sending(notify: Notify) -> None:
    """Claim and hand over, and die before the outcome is kept."""

    async def never_kept(_: object) -> None:
        raise Killed

    notify.sender._mark = never_kept  # type: ignore[method-assign, assignment]
    with pytest.raises(Killed):
        await notify.look()
    notify.sender = notify.another_sender("b")


async def test_a_message_is_handed_over_once_and_that_is_said() -> None:
    notify = Notify()
    await notify.planned()
    assert await notify.look() == 1
    assert await notify.look() == 0
    message = await notify.message()
    assert message.state is State.HANDED_OVER
    assert message.due_at is None
    [said] = await notify.said("message-handed-over")
    assert (said["message_id"], said["attempt"]) == (message.message_id, 1)
    assert [letter.message_id for letter in notify.channel.sent] == [message.message_id]
    assert notify.channel.sent[0].address == "lind@kommun.example"
    value = notify.hearing.metrics.registry.get_sample_value
    assert value("kommunkontakt_handed_over_total", {"channel": "e-mail"}) == 1


async def test_a_claim_is_kept_before_the_channel_hears_of_it() -> None:
    notify = Notify()
    await notify.planned()
    seen: list[Document] = []
    database = notify.database
    assert isinstance(database, MemoryDatabase)
    notify.channel.on_send = lambda letter: seen.extend(_rows(database))
    await notify.look()
    assert [(row["state"], len(row["attempts"])) for row in seen] == [("handing-over", 1)]


def _rows(database: MemoryDatabase, collection: str = "messages") -> list[Document]:
    found = database.find(collection, {})
    try:
        found.send(None)
    except StopIteration as done:
        return list(done.value)
    raise AssertionError("the fake answers at once")


async def test_killed_after_the_claim_the_outcome_is_unknown_and_it_is_handed_over_again_as_the_same() -> None:
    notify = Notify()
    await notify.planned()
    await killed_while_sending(notify)
    assert await notify.look(timedelta(seconds=5)) == 0
    assert await notify.look(SOON) == 1
    message = await notify.message()
    assert message.state is State.HANDED_OVER
    assert message.unknown_outcomes == 1
    assert [attempt.outcome for attempt in message.attempts] == [Outcome.UNKNOWN, Outcome.TAKEN]
    first, again = notify.channel.sent
    assert first == again
    [said] = await notify.said("message-handed-over")
    assert said["attempt"] == 2


async def test_messages_behind_an_unknown_outcome_wait_their_turn() -> None:
    notify = Notify()
    await notify.planned(3)
    await killed_while_sending(notify)
    notify.channel.sent.clear()
    await notify.hear(assigned("1460-m-2"))
    assert await notify.look(timedelta(seconds=5)) == 1  # only set to wait behind the first three
    assert notify.channel.sent == []
    await notify.look(SOON)
    assert [letter.body for letter in notify.channel.sent] == [one.body for one in await notify.messages()]
    assert [letter.message_id for letter in notify.channel.sent] == [one.message_id for one in await notify.messages()]


async def test_refused_for_now_is_tried_again_after_waits_that_grow() -> None:
    notify = Notify()
    await notify.planned()
    notify.channel.answers = lambda letter: LATER
    await notify.look()
    message = await notify.message()
    assert (message.state, message.due_at) == (State.PLANNED, AT + timedelta(minutes=1))
    assert await notify.look(timedelta(seconds=59)) == 0
    assert await notify.look(timedelta(seconds=1)) == 1
    assert (await notify.message()).due_at == AT + timedelta(minutes=6)
    notify.channel.answers = lambda letter: TAKEN
    await notify.look(timedelta(minutes=5))
    assert [one.outcome for one in (await notify.message()).attempts] == [Outcome.LATER, Outcome.LATER, Outcome.TAKEN]


async def test_refused_for_now_for_five_days_is_given_up() -> None:
    notify = Notify()
    await notify.planned()
    notify.channel.answers = lambda letter: LATER
    while (await notify.message()).state is State.PLANNED:
        await notify.look(timedelta(hours=4))
    message = await notify.message()
    assert message.state is State.GIVEN_UP
    assert message.closed_at is not None
    assert timedelta(days=5) <= message.closed_at - AT < timedelta(days=6)
    [said] = await notify.said("message-given-up")
    assert said["reason"] == "Not taken within 5 days; the last answer: 451."
    value = notify.hearing.metrics.registry.get_sample_value
    assert value("kommunkontakt_given_up_total", {"channel": "e-mail"}) == 1


async def test_refused_for_good_is_given_up_at_once_and_the_next_message_is_still_sent() -> None:
    notify = Notify()
    await notify.planned(2)
    first = (await notify.messages())[0].message_id
    notify.channel.answers = lambda letter: NEVER if letter.message_id == first else TAKEN
    await notify.look()
    assert [one.state for one in await notify.messages()] == [State.GIVEN_UP, State.HANDED_OVER]
    [said] = await notify.said("message-given-up")
    assert said["reason"] == "Refused for good: 550 5.1.1."


async def test_who_has_lost_the_address_since_is_given_up_without_a_call() -> None:
    notify = Notify()
    await notify.hear(officer(), party(), assigned())
    await notify.hear(party(e_mail=None), sequence=2)
    await notify.look()
    assert [letter.address for letter in notify.channel.sent] == ["lind@kommun.example"]
    [said] = await notify.said("message-given-up")
    assert said["reason"] == "Refused for good: no address."


async def test_an_address_that_has_changed_since_is_used() -> None:
    notify = Notify()
    await notify.planned()
    await notify.hear(officer(e_mail="ny@kommun.example"), sequence=2)
    await notify.look()
    assert [letter.address for letter in notify.channel.sent] == ["ny@kommun.example"]


async def test_messages_to_one_recipient_are_sent_in_the_order_of_planning() -> None:
    notify = Notify()
    await notify.planned(AT_ONCE + 20)
    while await notify.look():
        pass
    assert [letter.message_id for letter in notify.channel.sent] == [one.message_id for one in await notify.messages()]


async def test_later_messages_wait_behind_one_that_is_refused_for_now_and_others_do_not() -> None:
    notify = Notify()
    await notify.planned(3)
    notify.channel.answers = lambda letter: LATER
    await notify.look()
    assert len(notify.channel.sent) == 1
    notify.channel.answers = lambda letter: TAKEN
    await notify.hear(officer("1460-o-berg"), assigned("1460-m-9", officer_id="1460-o-berg"))
    await notify.look(timedelta(seconds=1))
    assert [letter.address for letter in notify.channel.sent[1:]] == ["berg@kommun.example"]
    await notify.look(timedelta(minutes=1))
    to_lind = [one.message_id for one in await notify.messages() if one.recipient_id == OFFICER]
    sent = [letter.message_id for letter in notify.channel.sent if letter.address == "lind@kommun.example"]
    assert sent == [to_lind[0], *to_lind]


async def test_while_the_channel_is_away_it_pauses_longer_each_time_and_loses_nothing() -> None:
    notify = Notify()
    await notify.planned(5)
    notify.channel.answers = lambda letter: AWAY
    await notify.look()
    assert await notify.look(timedelta(milliseconds=999)) == 0
    assert await notify.look(timedelta(milliseconds=1)) == WHEN_AWAY
    assert await notify.look(timedelta(seconds=1)) == 0
    for _ in range(40):
        await notify.look(timedelta(days=1))
    messages = await notify.messages()
    assert {one.state for one in messages} == {State.PLANNED}
    assert messages[0].times_away == 42
    assert messages[0].attempts == ()
    notify.channel.answers = lambda letter: TAKEN
    while await notify.look(timedelta(minutes=1)):
        pass
    assert {one.state for one in await notify.messages()} == {State.HANDED_OVER}
    assert len(await notify.said("message-handed-over")) == 5


async def test_a_connection_lost_before_the_answer_is_an_unknown_outcome_and_sent_again() -> None:
    notify = Notify()
    await notify.planned()
    notify.channel.answers = lambda letter: UNKNOWN
    await notify.look()
    notify.channel.answers = lambda letter: TAKEN
    await notify.look()
    message = await notify.message()
    assert [one.outcome for one in message.attempts] == [Outcome.UNKNOWN, Outcome.TAKEN]
    assert notify.channel.sent[0] == notify.channel.sent[1]


async def test_a_fault_in_the_program_is_noted_and_tried_again_later() -> None:
    notify = Notify()
    await notify.planned()

    def broken(letter: Letter) -> Receipt:
        raise KeyError(letter.address)

    notify.channel.answers = broken
    await notify.look()
    [attempt] = (await notify.message()).attempts
    assert (attempt.outcome, attempt.answer) == (Outcome.LATER, "a fault in the program: KeyError")


async def test_two_instances_do_not_send_at_the_same_time() -> None:
    notify = Notify()
    await notify.planned()
    other = notify.another_sender("b")
    await notify.look()
    await notify.hear(assigned("1460-m-2"))
    assert await notify.look(sender=other) == 0
    assert await notify.look(timedelta(seconds=5), sender=other) == 1
    assert len(notify.channel.sent) == 2


async def test_without_the_lease_nothing_more_is_begun_and_what_was_claimed_is_put_back() -> None:
    notify = Notify()
    await notify.planned(3)
    lease = notify.sender._lease
    notify.channel.on_send = lambda letter: setattr(lease, "held", False)
    await notify.look()
    assert len(notify.channel.sent) == 1
    assert [one.state for one in await notify.messages()] == [State.HANDED_OVER, State.PLANNED, State.PLANNED]
    assert [len(one.attempts) for one in await notify.messages()] == [1, 0, 0]


async def test_the_lease_is_renewed_while_it_sends_and_given_away_when_the_database_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.notify.sender.RENEW_EVERY", 0)
    notify = Notify()
    await notify.planned()
    database = notify.database
    assert isinstance(database, MemoryDatabase)
    notify.channel.gate = asyncio.Event()
    look = asyncio.create_task(notify.look())
    lease = notify.sender._lease
    await until(lambda: bool(notify.channel.sent))
    notify.clock.advance(timedelta(seconds=3))
    await until(lambda: lease_until(database) > AT + timedelta(seconds=6))
    database.away = True
    await until(lambda: not lease.held)
    database.away = False
    notify.channel.gate.set()
    await look
    assert (await notify.message()).state is State.HANDED_OVER


def lease_until(database: MemoryDatabase) -> datetime:
    [row] = _rows(database, "leases")
    until_when: datetime = row["until"]
    return until_when


async def test_an_outcome_is_kept_also_when_the_database_is_away_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.notify.sender.LOOK_EVERY", 0)
    notify = Notify()
    await notify.planned()
    failing = fails(monkeypatch, notify, [None, TryAgain("away"), TryAgain("away")])
    await notify.look()
    assert failing == []
    assert (await notify.message()).state is State.HANDED_OVER


async def test_a_lost_race_over_many_outcomes_is_settled_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    notify = Notify()
    await notify.planned(3)
    fails(monkeypatch, notify, [None, LostRace(), None, LostRace()])
    await notify.look()
    assert {one.state for one in await notify.messages()} == {State.HANDED_OVER}
    assert len(await notify.said("message-handed-over")) == 3


async def test_an_outcome_that_cannot_be_kept_is_left_for_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    notify = Notify()
    await notify.planned()
    fails(monkeypatch, notify, [None, *[Unwritable("no")] * 5])
    await notify.look()
    assert (await notify.message()).state is State.HANDING_OVER
    await notify.look(SOON)
    assert (await notify.message()).unknown_outcomes == 1


def fails(monkeypatch: pytest.MonkeyPatch, notify: Notify, plan: list[Exception | None]) -> list[Exception | None]:
    """Transactions end as planned: None is kept, an error is not."""
    database = notify.database
    assert isinstance(database, MemoryDatabase)
    commit = database.commit

    def committed(work: MemoryTransaction) -> None:
        writes = {collection for collection, _ in work.written}
        failure = plan.pop(0) if plan and "messages" in writes else None
        if failure is not None:
            raise failure
        commit(work)

    monkeypatch.setattr(database, "commit", committed)
    return plan


async def test_an_outcome_whose_answer_was_lost_is_kept_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.notify.sender.LOOK_EVERY", 0)
    notify = Notify()
    await notify.planned()
    database = notify.database
    assert isinstance(database, MemoryDatabase)
    commit, lost = database.commit, [False, True]

    def committed(work: MemoryTransaction) -> None:
        commit(work)
        if "messages" in {collection for collection, _ in work.written} and lost and lost.pop(0):
            raise UnknownCommit("the answer was lost")

    monkeypatch.setattr(database, "commit", committed)
    await notify.look()
    assert (await notify.message()).state is State.HANDED_OVER
    assert len(await notify.said("message-handed-over")) == 1


async def test_a_claim_that_is_lost_to_another_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    notify = Notify()
    await notify.planned()
    fails(monkeypatch, notify, [LostRace()])
    assert await notify.sender._try() == 0
    assert notify.channel.sent == []
    assert await notify.sender._try() == 1


async def test_told_to_stop_it_finishes_what_is_in_hand_and_gives_the_lease_back() -> None:
    notify = Notify()
    await notify.planned(3)
    notify.channel.gate = asyncio.Event()
    running = await started(notify)
    running.cancel()
    await asyncio.sleep(0)
    notify.channel.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [one.state for one in await notify.messages()] == [State.HANDED_OVER, State.PLANNED, State.PLANNED]
    assert await notify.kept("leases") == []
    assert notify.channel.closed


async def test_told_to_stop_while_the_server_is_silent_it_notes_that_the_outcome_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.notify.sender.FINISH_WITHIN", 0.05)
    notify = Notify()
    await notify.planned(2)
    notify.channel.gate = asyncio.Event()
    running = await started(notify)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    first, second = await notify.messages()
    assert [one.outcome for one in first.attempts] == [Outcome.UNKNOWN]
    assert (first.state, second.state, second.attempts) == (State.PLANNED, State.PLANNED, ())


async def started(notify: Notify) -> "asyncio.Task[None]":
    """The sender running, with the first message on its way."""
    running = asyncio.create_task(notify.sender.run())
    await until(lambda: bool(notify.channel.sent))
    return running


async def test_readiness_says_that_the_channel_is_away_and_nothing_once_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.notify.sender.LOOK_EVERY", 0)
    notify = Notify()
    await notify.planned()
    notify.channel.answers = lambda letter: AWAY
    running = asyncio.create_task(notify.sender.run())
    await until(lambda: notify.sender.trouble == "the channel e-mail is away")
    notify.channel.answers = lambda letter: TAKEN
    notify.clock.advance(timedelta(minutes=2))
    await until(lambda: notify.sender.trouble is None)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await notify.message()).state is State.HANDED_OVER


async def test_a_full_look_is_followed_by_the_next_at_once_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.notify.sender.LOOK_EVERY", 3600)
    monkeypatch.setattr("services.notify.sender.AT_ONCE", 2)
    notify = Notify()
    await notify.planned(5)
    looks, look = list[int](), notify.sender.look

    async def counted() -> int:
        looks.append(found := await look())
        return found

    notify.sender.look = counted  # type: ignore[method-assign]
    running = asyncio.create_task(notify.sender.run())
    await until(lambda: len(notify.channel.sent) == 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert looks == [2, 2, 1]


async def test_a_pause_does_not_cost_the_sender_its_lease() -> None:
    notify = Notify()
    await notify.planned()
    notify.channel.answers = lambda letter: AWAY
    for seconds in (0, 1, 2):
        assert await notify.look(timedelta(seconds=seconds)) == 1
    assert await notify.look(timedelta(seconds=3)) == 0
    assert await notify.look(timedelta(seconds=2), sender=notify.another_sender("b")) == 0
    assert await notify.look(timedelta(seconds=1)) == 1


async def test_while_the_database_is_away_the_sender_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.notify.sender.LOOK_EVERY", 0)
    notify = Notify()
    await notify.planned()
    database = notify.database
    assert isinstance(database, MemoryDatabase)
    database.away = True
    running = asyncio.create_task(notify.sender.run())
    for _ in range(10):
        await asyncio.sleep(0)
    database.away = False
    await until(lambda: bool(_rows(database, "outbox")) and _rows(database)[0]["state"] == State.HANDED_OVER)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_sleeper_that_wakes_up_late_amends_the_ledger_and_says_nothing_more() -> None:
    notify = Notify()
    await notify.planned()
    late = notify.sender
    await late._lease.hold()
    _, parcels = await late._claim()
    await notify.look(SOON, sender=notify.another_sender("b"))
    assert (await notify.message()).unknown_outcomes == 1
    await late._mark(await late._hand_over(parcels))
    message = await notify.message()
    assert (message.state, message.unknown_outcomes) == (State.HANDED_OVER, 0)
    assert len(await notify.said("message-handed-over")) == 1
