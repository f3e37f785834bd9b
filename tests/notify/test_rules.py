"""The pure decisions of notify, and the lawful steps of a message."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.notify import rules
from services.notify.events import closing
from services.notify.model import (
    ChannelName,
    Message,
    Occasion,
    Outcome,
    Receipt,
    Recipient,
    State,
    Text,
)
from services.notify.rules import PATIENCE, Rows
from shared.contracts.refusal import Refused
from tests.notify.settled import AT, OFFICER, TAKEN

ROW = PATIENCE[0]
LINN = Recipient("1460", OFFICER, "Karin Lind", "lind@kommun.example", "sv")
LATER, NEVER = Receipt(Outcome.LATER, "451"), Receipt(Outcome.NEVER, "550")
AWAY, UNKNOWN = Receipt(Outcome.AWAY), Receipt(Outcome.UNKNOWN, "lost")
SECOND = timedelta(seconds=1)


def occasion(event_id: str = "1460-m-1/1/1", sequence: int = 1) -> Occasion:
    return Occasion("1460", event_id, "1460-m-1", sequence, "1460-c-1/1/1")


def message(event_id: str = "1460-m-1/1/1", sequence: int = 1, to: Recipient = LINN) -> Message:
    text = Text("matter-assigned-officer", "Nytt ärende", "Hej!")
    return rules.planned(occasion(event_id, sequence), to, ChannelName.E_MAIL, text, AT)


def claimed(given: Message | None = None) -> Message:
    return (given or message()).claimed(AT, AT + rules.CLAIM_LASTS)


def settle(given: Message, receipt: Receipt | None, number: int = 1) -> Message:
    return rules.settled(given, number, receipt, AT + SECOND, ROW)


def test_the_same_event_recipient_and_channel_give_the_same_id() -> None:
    first = rules.message_id_of(occasion(), OFFICER, ChannelName.E_MAIL)
    assert first == rules.message_id_of(occasion(), OFFICER, ChannelName.E_MAIL)
    assert first.startswith("1460-n-")
    others = {
        rules.message_id_of(occasion("1460-m-1/1/2"), OFFICER, ChannelName.E_MAIL),
        rules.message_id_of(occasion(), "1460-p-1", ChannelName.E_MAIL),
    }
    assert first not in others
    assert len(others) == 2


def test_who_has_no_address_can_not_be_reached() -> None:
    assert rules.channel_to(LINN) is ChannelName.E_MAIL
    assert rules.channel_to(replace(LINN, e_mail=None)) is None
    assert rules.letter(message(), None) is None
    assert rules.letter(message(), replace(LINN, e_mail=None)) is None


def test_of_two_events_of_one_aggregate_at_one_moment_the_earlier_comes_first() -> None:
    assert message(sequence=9).order < message("1460-m-1/1/10", sequence=10).order


def test_the_newest_row_that_has_begun_is_in_force() -> None:
    old, new = replace(ROW, valid_from=date(2020, 1, 1)), replace(ROW, valid_from=date(2027, 1, 1))
    rows = Rows((new, old))
    assert rows.in_force(AT) is old
    assert rows.in_force(AT + timedelta(days=400)) is new
    assert rows.in_force(AT - timedelta(days=9_000)) is old


def test_every_row_says_who_says_so() -> None:
    for row in PATIENCE:
        assert row.source
        assert row.when_away
        assert row.when_refused
        assert row.when_unknown


def test_what_is_due_is_claimed_in_order() -> None:
    second, first = message("b", 2), message("a", 1)
    after = rules.taken_in_hand([second, first], [], AT, ROW)
    assert [one.order for one in after] == [first.order, second.order]
    assert {one.state for one in after} == {State.HANDING_OVER}
    assert {one.due_at for one in after} == {AT + rules.CLAIM_LASTS}


def test_what_comes_after_an_open_message_to_the_same_recipient_waits_behind_it() -> None:
    head = settle(claimed(message("a", 1)), LATER)
    later, other = message("b", 2), message("c", 3, replace(LINN, recipient_id="1460-o-berg"))
    waits, sent = rules.taken_in_hand([later, other], [head], AT, ROW)
    assert (waits.state, waits.due_at) == (State.PLANNED, head.due_at)
    assert sent.state is State.HANDING_OVER


def test_an_open_message_that_comes_after_stops_nothing() -> None:
    [first] = rules.taken_in_hand([message("a", 1)], [settle(claimed(message("b", 2)), LATER)], AT, ROW)
    assert first.state is State.HANDING_OVER


def test_an_open_message_that_is_due_itself_goes_first_and_is_not_waited_for() -> None:
    head = replace(settle(claimed(message("a", 1)), LATER), due_at=AT)
    after = rules.taken_in_hand([head, message("b", 2)], [head], AT, ROW)
    assert {one.state for one in after} == {State.HANDING_OVER}


def test_the_first_claim_that_nobody_told_the_outcome_of_is_tried_again_at_once() -> None:
    [again] = rules.taken_in_hand([claimed()], [claimed()], AT + rules.CLAIM_LASTS, ROW)
    assert again.state is State.HANDING_OVER
    assert [one.outcome for one in again.attempts] == [Outcome.UNKNOWN, None]
    assert again.unknown_outcomes == 1


def test_the_second_waits_and_so_do_those_after_it() -> None:
    twice = claimed(settle(claimed(), UNKNOWN))
    waits, behind = rules.taken_in_hand([twice, message("b", 2)], [twice], AT, ROW)
    assert waits.due_at == behind.due_at == AT + timedelta(seconds=10)
    assert waits.unknown_outcomes == 2


def test_unknown_for_too_long_is_given_up_and_holds_nobody_back() -> None:
    worn = message("a", 1)
    for _ in range(len(ROW.when_unknown)):
        worn = settle(claimed(worn), UNKNOWN, len(worn.attempts) + 1)
    late = AT + ROW.give_up_after
    given_up, sent = rules.taken_in_hand([claimed(worn), message("b", 2)], [], late, ROW)
    assert given_up.state is State.GIVEN_UP
    assert given_up.reason == "Not taken within 5 days; the last answer: nobody told the outcome."
    assert sent.state is State.HANDING_OVER


def test_a_few_attempts_over_many_days_are_not_enough_to_give_up() -> None:
    once = settle(claimed(), LATER)
    again = rules.settled(claimed(once), 2, LATER, AT + timedelta(days=300), ROW)
    assert again.state is State.PLANNED


@pytest.mark.parametrize(
    ("receipt", "state", "attempts", "due_after"),
    [
        (None, State.PLANNED, 0, timedelta(seconds=1)),
        (AWAY, State.PLANNED, 0, timedelta(seconds=2)),
        (LATER, State.PLANNED, 1, timedelta(seconds=61)),
        (UNKNOWN, State.PLANNED, 1, timedelta(seconds=1)),
    ],
)
def test_what_was_not_taken_is_planned_again(
    receipt: Receipt | None, state: State, attempts: int, due_after: timedelta
) -> None:
    after = settle(claimed(), receipt)
    assert (after.state, len(after.attempts), after.due_at) == (state, attempts, AT + due_after)
    assert after.begun
    assert closing(after) == []


def test_taken_and_refused_for_good_are_the_end() -> None:
    for receipt, state in ((TAKEN, State.HANDED_OVER), (NEVER, State.GIVEN_UP)):
        after = settle(claimed(), receipt)
        assert (after.state, after.due_at, after.begun, after.closed_at) == (state, None, False, AT + SECOND)
        [said] = closing(after)
        assert said.subject == after.message_id


def test_the_waits_while_away_grow_to_a_minute() -> None:
    assert [rules.away_wait(times, ROW).seconds for times in (1, 2, 3, 7, 8, 100)] == [1, 2, 4, 60, 60, 60]


def test_news_of_what_is_known_already_changes_nothing() -> None:
    done = settle(claimed(), TAKEN)
    assert settle(done, TAKEN) == done
    assert settle(done, LATER) == done
    assert settle(message(), TAKEN) == message()


def test_late_news_that_it_was_taken_ends_it_when_nobody_has_it_in_hand() -> None:
    unsure = settle(claimed(), UNKNOWN)
    after = settle(unsure, TAKEN)
    assert (after.state, after.unknown_outcomes, after.taken_at_attempt) == (State.HANDED_OVER, 0, 1)


def test_late_news_while_another_hands_it_over_only_amends_the_ledger() -> None:
    again = claimed(settle(claimed(), UNKNOWN))
    after = settle(again, TAKEN)
    assert (after.state, [one.outcome for one in after.attempts]) == (State.HANDING_OVER, [Outcome.TAKEN, None])
    assert [one.outcome for one in settle(again, None).attempts] == [Outcome.AWAY, None]


def test_a_step_that_is_not_lawful_is_refused() -> None:
    steps: list[Callable[[], Message]] = [
        lambda: claimed(claimed()),
        lambda: message().put_back(AT, away=False),
        lambda: message().waiting(LATER, AT, AT),
        lambda: message().given_up(NEVER, "no", AT),
    ]
    for step in steps:
        with pytest.raises(Refused):
            step()
