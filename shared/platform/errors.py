"""The tree of refusals: each error says what happens next.

Exception
├── Refused (shared.contracts.refusal)  a lawful "no": 409/404/422 at a door, parked or rejected on a topic
├── NotYet                              another event must come first: the event waits, its lane behind it
├── TryAgain                            something outside is away: pause, then the same again
│   └── UnknownCommit                   the answer to a commit was lost: the position tells
├── NotAnEvent                          bytes that are no event we can read: parked, or rejected on an inbox
├── Unwritable                          MongoDB will never take this content: the batch is split, the bad one parked
├── LostRace                            somebody else wrote the same first: run the whole again
│   └── Taken                           an id or a unique value is there already: should it stay so, it is the content
├── LostPosition                        the partition belongs to another consumer: drop the batch, seek back
├── Outdated                            a newer release acts or has written here: stand still, doors answer 503
├── TooManyParked                       our deploy is bad, not their data: stop consuming
├── BackupRefused                       a dump or a restore stops with this sentence
└── WrongSetting                        the start stops with this sentence
"""


class NotYet(Exception):
    """The event needs `subject` (an aggregate's id), whose own event has not come here yet."""

    def __init__(self, subject: str) -> None:
        super().__init__(f"waits for {subject}")
        self.subject = subject


class TryAgain(Exception):
    """Something outside (a database, a broker, a mail server) is away; nothing is wrong with what was asked."""


class UnknownCommit(TryAgain):
    """The connection went while a commit was under way: the position tells on the re-run whether it was kept."""


class NotAnEvent(Exception):
    """A record that cannot be read as an event: `reason` in one sentence, `where` as a pointer into the record.

    `sv` is the reason in Swedish, where it is not one of the codec's own.
    """

    def __init__(self, reason: str, where: str = "", sv: str | None = None) -> None:
        super().__init__(f"{reason} at {where or '/'}")
        self.reason, self.where, self.sv = reason, where, sv


class Unwritable(Exception):
    """Content that the database refuses whatever we do: an integer too big, a document or a command too large."""


class LostRace(Exception):
    """A document changed between our reading and our writing it."""


class Taken(LostRace):
    """An `_id` or a value that must be unique is there already: perhaps lost by a moment, perhaps for good."""


class LostPosition(Exception):
    """Another consumer has taken the partition since our batch was polled."""


class Outdated(Exception):
    """A newer release acts on other types, or has written what we would read wrongly: the work is not ours any more."""


class TooManyParked(Exception):
    """So many events in a row could not be acted on that the fault is ours."""


class BackupRefused(Exception):
    """A dump or a restore that stops; the text is one sentence for the operator."""


class WrongSetting(Exception):
    """A setting that keeps the service from starting; the text is one sentence for the operator."""
