"""Who has read what: a door writes it down before it answers. No row, no answer."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from services.intake.model.read import Read
from services.intake.rules.ids import NewId
from services.intake.rules.policy import Action
from services.intake.rules.reads import roles_for, why
from services.intake.store.reads import Reads
from services.intake.who import Visitor
from shared.platform.desk import Desk
from shared.platform.web.who import Person


async def seen(desk: Desk, who: Person | Visitor, action: Action, *subjects: str) -> None:
    """Note that these contacts and parties are read now; of nothing nothing. TryAgain when it cannot be written."""
    visitor = who if isinstance(who, Visitor) else Visitor(who)
    if subjects:
        await desk.note(Reads, _noting(visitor, action, subjects))


def _noting(visitor: Visitor, action: Action, subjects: Iterable[str]) -> Callable[..., Read]:
    person, grant = visitor.person, visitor.grant

    def read(new: NewId, at: datetime) -> Read:
        return Read(
            municipality=person.municipality,
            read_id=f"{person.municipality}-l-{at.astimezone(UTC):%y%m%d}-{new.make()[:20]}",
            at=at,
            by=person.id,
            roles=roles_for(person.roles, action),
            door=action.value,
            why=why(person.roles, action, grant),
            matter_id=None if grant is None else grant.matter_id,
            subjects=tuple(dict.fromkeys(subjects)),
        )

    return read
