"""What is written down of a read: by which of their roles, and why."""

from collections.abc import Mapping

from services.intake.model.read import Why
from services.intake.rules.policy import RECEPTION, Action, may
from shared.contracts.grant import Grant

WHY: Mapping[Action, Why] = {
    Action.FIND_COMPANY: "search",
    Action.EXPORT_PARTY: "export",
    Action.GIVE_OUT_RECORD: "disclosure",
}
"""Why whoever does this reads; all else is the daily work of the reception or the registry, or is done by a grant."""


def why(roles: frozenset[str], action: Action, grant: Grant | None) -> Why:
    """Why somebody reads."""
    if grant is not None:
        return "grant"
    return WHY.get(action) or ("registry" if roles.isdisjoint(RECEPTION) else "reception")


def roles_for(roles: frozenset[str], action: Action) -> tuple[str, ...]:
    """Those of their roles that let them in."""
    return tuple(sorted(one for one in roles if may(frozenset({one}), action, granted=True)))
