"""Who is at a door: a person whom the policy lets do what the door does, in a municipality of theirs; or anybody."""

from typing import Any

from fastapi import Depends

from services.intake.rules.policy import MAY, Action, may
from shared.platform.web.who import allowed


def doing(action: Action) -> Any:
    """The dependency of a door that does this: `Annotated[Person, doing(Action.READ_CONTACT)]`."""
    return Depends(allowed(*sorted(MAY[action])))


def open_to_all(action: Action) -> Any:
    """The dependency of a door that asks nobody for a token; ValueError when the policy does not let the public in."""
    if not may(frozenset({"public"}), action):
        raise ValueError(f"{action} is not for the public")
    return Depends(lambda: None)
