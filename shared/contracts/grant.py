"""The grant: what routing tells intake through the hands of an officer, signed."""

from pydantic import BaseModel, ConfigDict

from shared.contracts.members import Id, Municipality


class Grant(BaseModel):
    """That an officer may read one contact because of a matter of theirs, for some minutes (läsbevis).

    `officer` is the subject of the officer's own token; how it is signed, and until when it holds, stands around it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    officer: str
    municipality: Municipality
    contact_id: Id
    matter_id: Id
