"""What a restore has lost was handed over nevertheless: it goes out once, and the ledger says why."""

from services.notify.handlers import bus
from services.notify.model import LOST_SINCE, State
from services.notify.rules import CLAIM_LASTS
from shared.platform.database import Document
from shared.platform.lost import LOST, row_of
from shared.platform.outbox import OUTBOX, headers_of
from shared.platform.own_words import statements
from shared.platform.recall import recall
from shared.platform.understand import Record
from tests.notify.settled import AT, Notify
from tests.notify.test_sender import killed_while_sending


def as_published(said: Document) -> Record:
    return Record(said["t"], 0, 0, said["p"].encode(), bytes(said["b"]), headers_of(said))


async def lost_of(notify: Notify) -> list[Document]:
    """What a restore would find on the topic, of all that this notify has said."""
    outbox = await notify.kept(OUTBOX.name)
    return [row_of(one) for one in statements(as_published(said) for said in outbox)]


async def told(notify: Notify, lost: list[Document]) -> None:
    """A restore has kept what is lost, and the service starts: it recalls before it begins to work."""
    notify.hearing.epoch = 2
    session = await notify.database.session()
    async with session.transaction() as transaction:
        await transaction.insert(LOST.name, lost)
    await recall(notify.hearing, bus.recalls)


async def handed_over() -> list[Document]:
    """What is lost when one message was planned and handed over."""
    before = Notify()
    await before.planned()
    await before.look()
    return await lost_of(before)


async def handed_over_and_lost() -> Notify:
    """A notify whose database knows nothing of it."""
    notify = Notify()
    await told(notify, await handed_over())
    return notify


async def test_a_message_that_is_planned_again_after_a_restore_is_not_sent_again() -> None:
    notify = await handed_over_and_lost()
    await notify.planned()
    assert await notify.look() == 1
    message = await notify.message()
    assert notify.channel.sent == []
    assert (message.state, message.closed_at, message.due_at) == (State.HANDED_OVER, AT, None)
    assert [(one.number, one.outcome, one.answer) for one in message.attempts] == [
        (1, LOST_SINCE.outcome, LOST_SINCE.answer)
    ]
    [said] = await notify.said("message-handed-over")
    assert (said["message_id"], said["attempt"]) == (message.message_id, 1)
    assert await notify.look() == 0


async def test_a_message_that_was_being_handed_over_at_the_moment_of_the_backup_is_not_sent_again() -> None:
    notify = Notify()
    await notify.planned()
    await killed_while_sending(notify)
    notify.channel.sent.clear()
    await told(notify, await handed_over())
    await notify.look(after=CLAIM_LASTS)
    message = await notify.message()
    assert notify.channel.sent == []
    assert [(one.number, one.outcome) for one in message.attempts] == [(1, LOST_SINCE.outcome)]
    assert message.state is State.HANDED_OVER


async def test_another_message_goes_out() -> None:
    notify = await handed_over_and_lost()
    await notify.planned(count=2)
    await notify.look()
    sent = [letter.message_id for letter in notify.channel.sent]
    closed = [one.message_id for one in await notify.messages() if one.attempts[0].answer == LOST_SINCE.answer]
    assert len(sent) == len(closed) == 1
    assert sent != closed


async def test_what_was_recalled_is_not_recalled_again() -> None:
    notify = await handed_over_and_lost()
    rows = {row["type"]: row["recalled"] for row in await notify.kept(LOST.name)}
    assert rows == {
        "se.kommunkontakt.notify.message-planned.v1": False,
        "se.kommunkontakt.notify.message-handed-over.v1": True,
    }
    await recall(notify.hearing, bus.recalls)
    [kept] = await notify.kept("handed_before")
    assert kept["_v"] == 1
