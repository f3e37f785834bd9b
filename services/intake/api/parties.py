"""The doors of parties: erase one."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from services.intake import events
from services.intake.api.who import doing
from services.intake.model.party import Erasure, Ground
from services.intake.rules.policy import Action
from services.intake.store.parties import Parties
from shared.contracts.refusal import Unknown
from shared.platform.desk import Once
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.doors import IdempotencyKey
from shared.platform.web.who import Municipality, Person

Erasing = Annotated[Person, doing(Action.ERASE_PARTY)]

router = APIRouter()


class ErasureAsked(BaseModel):
    """On which ground a party is to be erased: the General Data Protection Regulation, article 17.1 a-e."""

    ground: Ground


class ErasureShown(BaseModel):
    """That a party was erased."""

    party_id: str
    erased_at: datetime
    erased_by: str
    ground: Ground


@router.post("/{municipality}/parties/{party_id}/erasure", tags=["parties"])
async def erase_party(
    municipality: Municipality,
    party_id: str,
    asked: ErasureAsked,
    person: Erasing,
    desk: AtDesk,
    key: IdempotencyKey = None,
) -> ErasureShown:
    """Erase who a party is, here and with all who have heard it. Asked again, all are told again to forget it."""

    async def erase(parties: Parties, at: datetime) -> ErasureShown:
        party = await parties.known(party_id)
        if party is None or party.municipality != municipality:
            raise Unknown("no-such-party", "Parten finns inte.", "There is no such party.")
        erasure = Erasure(at, person.id, asked.ground)
        erased = party.erased(erasure)
        parties.save(erased, says=[events.erased(party)])
        parties.forget(party_id)
        return ErasureShown(party_id=party_id, **asdict(erased.erasure or erasure))

    return await desk.do(erase, Once.under(key, municipality, person.id, f"erasure {party_id}", asked))
