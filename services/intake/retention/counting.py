"""How much of each kind the plan takes on a day, and what it leaves, counted as far as it is asked for."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from services.intake.model.retention import Standing, Why
from services.intake.retention.looking import Kept, Look, looked

AT_ONCE = 200


@dataclass(slots=True)
class Tallied:
    """What was counted of one kind."""

    standing: Counter[Standing] = field(default_factory=Counter)
    why: Counter[Why] = field(default_factory=Counter)


@dataclass(slots=True)
class Counted:
    """What was counted of a group, by kind; `is_all` when nothing was left uncounted."""

    kinds: dict[str, Tallied] = field(default_factory=dict)
    is_all: bool = True


async def counted(look: Look, most: int | None, kept: Kept) -> Counted:
    """Count a group from its beginning, at most so many things of it."""
    found, left = Counted(), most
    while True:
        limit = AT_ONCE if left is None else min(AT_ONCE, left)
        seen = await looked(replace(look, limit=limit), kept)
        for one in seen:
            if one.judgement is not None:
                kind = found.kinds.setdefault(one.judgement.facts.kind, Tallied())
                _count(kind, one.judgement.standing, one.judgement.why)
        if len(seen) < limit:
            return found
        look, left = replace(look, after=seen[-1].place), None if left is None else left - len(seen)
        if left == 0:
            found.is_all = False
            return found


def _count(kind: Tallied, standing: Standing, why: Iterable[Why]) -> None:
    kind.standing[standing] += 1
    kind.why.update(why)
