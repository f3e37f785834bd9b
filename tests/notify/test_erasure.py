"""What notify forgets when a party or an officer is erased, and what becomes of what was still to be sent."""

import asyncio

from services.notify.model import Outcome, State
from tests.notify.settled import (
    OFFICER,
    PARTY,
    Notify,
    assigned,
    officer,
    officer_erased,
    party,
    party_erased,
    until,
)

SECRETS = ("Glass AB", "1@company.example")


async def kept(notify: Notify) -> str:
    names = ("recipients", "messages", "journal", "lanes", "parked", "inbound")
    return str([await notify.kept(name) for name in names])


async def test_name_and_address_are_forgotten_and_open_messages_given_up_without_their_text() -> None:
    notify = Notify()
    await notify.hear(officer(), party(), assigned())
    before = await kept(notify)
    assert all(secret in before for secret in SECRETS)
    await notify.hear(party_erased(), sequence=2)
    after = await kept(notify)
    assert not any(secret in after for secret in SECRETS)
    [message] = [one for one in await notify.messages() if one.recipient_id == PARTY]
    assert (message.state, message.subject, message.body, message.due_at) == (State.GIVEN_UP, None, None, None)
    [given_up] = await notify.said("message-given-up")
    assert (given_up["recipient_id"], given_up["reason"]) == (PARTY, "The recipient was erased.")
    await notify.look()
    assert [letter.address for letter in notify.channel.sent] == ["lind@kommun.example"]


async def test_of_what_was_handed_over_the_ledger_stays_and_the_text_goes() -> None:
    notify = Notify()
    await notify.hear(officer(), party(), assigned())
    await notify.look()
    await notify.hear(party_erased(), sequence=2)
    [message] = [one for one in await notify.messages() if one.recipient_id == PARTY]
    assert (message.state, message.taken_at_attempt, message.body) == (State.HANDED_OVER, 1, None)
    after = await kept(notify)
    assert not any(secret in after for secret in SECRETS)
    assert await notify.said("message-given-up") == []


async def test_a_message_that_is_on_its_way_is_given_up_and_its_outcome_still_noted() -> None:
    notify = Notify()
    await notify.hear(officer(), party(), assigned())
    notify.channel.gate = asyncio.Event()
    look = asyncio.create_task(notify.look())
    await until(lambda: len(notify.channel.sent) == 2)
    await notify.hear(party_erased(), sequence=2)
    notify.channel.gate.set()
    await look
    [message] = [one for one in await notify.messages() if one.recipient_id == PARTY]
    assert (message.state, message.body) == (State.GIVEN_UP, None)
    assert [attempt.outcome for attempt in message.attempts] == [Outcome.TAKEN]
    assert len(await notify.said("message-given-up")) == 1


async def test_nothing_waits_for_one_who_was_erased_before_we_heard_of_them() -> None:
    notify = Notify()
    await notify.hear(officer(), party_erased(), assigned())
    assert await notify.kept("parked") == []
    assert [one.recipient_id for one in await notify.messages()] == [OFFICER]


async def test_who_comes_back_is_written_to_again() -> None:
    notify = Notify()
    await notify.hear(officer(), party())
    await notify.hear(party_erased(), sequence=2)
    await notify.hear(party(name="Nya Glass AB"), sequence=3)
    await notify.hear(assigned())
    assert {one.recipient_id for one in await notify.messages()} == {OFFICER, PARTY}


async def test_the_same_again_changes_nothing() -> None:
    notify = Notify()
    await notify.hear(officer(), party(), assigned())
    await notify.hear(party_erased(), sequence=2)
    before = await notify.kept("messages")
    await notify.hear(party_erased(), sequence=3)
    assert await notify.kept("messages") == before


async def test_an_officer_who_has_left_is_sent_nothing_more() -> None:
    notify = Notify()
    await notify.hear(officer(), party(e_mail=None), assigned())
    await notify.hear(officer_erased(), sequence=2)
    await notify.look()
    assert notify.channel.sent == []
    message = await notify.message()
    assert (message.state, message.reason) == (State.GIVEN_UP, "Refused for good: no address.")
