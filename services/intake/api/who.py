"""Who is at a door: a person whom the policy lets do what the door does, in a municipality of theirs."""

from typing import Any

from fastapi import Depends

from services.intake.rules.policy import MAY, Action
from shared.platform.web.who import allowed


def doing(action: Action) -> Any:
    """The dependency of a door that does this: `Annotated[Person, doing(Action.READ_CONTACT)]`."""
    return Depends(allowed(*sorted(MAY[action])))
