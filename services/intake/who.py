"""Who is at a door: a person whom the policy lets do what the door does, in a municipality of theirs; or anybody."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header

from services.intake.rules.policy import MAY, MAY_WITH_GRANT, Action, holds, may
from shared.contracts.grant import Grant
from shared.platform.signed import NotSigned, Signer
from shared.platform.web import wording
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.errors import Forbidden
from shared.platform.web.who import Person, allowed

HOW = "/routing/v1/{municipality}/matters/{matter_id}/grants"
GRANT_MISSING = (
    f"Du behöver ett läsbevis för kontakten i huvudet Grant: POST {HOW} ger det till den som har ärendet.",
    f"You need a grant for the contact in the header Grant: POST {HOW} gives one to whoever has the matter.",
)
GRANT_WRONG = (
    f"Läsbeviset gäller inte: det har gått ut, är någon annans eller för en annan kontakt. POST {HOW} ger ett nytt.",
    f"The grant does not hold: it has ended, is somebody else's or for another contact. POST {HOW} gives a new one.",
)
GrantHeader = Annotated[
    str | None,
    Header(alias="Grant", max_length=4_000, description=f"What an officer needs: `grant` of `POST {HOW}`."),
]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is at the door of one contact: by a role of theirs, or by a grant."""

    person: Person
    grant: Grant | None = None


def doing(action: Action) -> Any:
    """The dependency of a door that does this: `Annotated[Person, doing(Action.LIST_CONTACTS)]`."""
    return Depends(allowed(*sorted(MAY[action])))


def visiting(action: Action) -> Any:
    """The dependency of a door to one contact, which an officer may use with a grant: `Annotated[Visitor, ...]`."""
    return Depends(_visitor(action))


def insist(person: Person, action: Action) -> None:
    """Forbidden unless this person may do this too, at a door that does several things."""
    if not may(person.roles, action):
        raise Forbidden("wrong-role", *wording.ROLE_WRONG.both())


def open_to_all(action: Action) -> Any:
    """The dependency of a door that asks nobody for a token; ValueError when the policy does not let the public in."""
    if not may(frozenset({"public"}), action):
        raise ValueError(f"{action} is not for the public")
    return Depends(_anybody)


async def _anybody() -> None:
    """Nothing is asked."""


def _visitor(action: Action) -> Callable[..., Awaitable[Visitor]]:
    known = Annotated[Person, Depends(allowed(*sorted(MAY[action] | MAY_WITH_GRANT[action])))]

    async def visitor(contact_id: str, person: known, desk: AtDesk, grant: GrantHeader = None) -> Visitor:
        if may(person.roles, action):
            return Visitor(person)
        if grant is None:
            raise Forbidden("grant-missing", *GRANT_MISSING)

        async def read(signer: Signer, at: datetime) -> Grant | None:
            try:
                return signer.read(grant, Grant, at)
            except NotSigned:
                return None

        told = await desk.ask(read)
        granted = told is not None and holds(told, person.id, person.municipality, contact_id)
        if not may(person.roles, action, granted=granted):
            raise Forbidden("grant-wrong", *GRANT_WRONG)
        return Visitor(person, told)

    return visitor
