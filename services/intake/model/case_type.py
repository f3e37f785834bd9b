"""A case type: the kind of a matter, as dated data."""

from dataclasses import dataclass
from typing import Literal

from services.intake.model.dated import Dated

InsiktArea = Literal["bygglov", "brandskydd", "livsmedel", "markupplatelse", "miljo", "servering", "upphandling"]
"""The areas of Insikt, the survey of companies by Sveriges Kommuner och Regioner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseType(Dated):
    """The kind of a matter (ärendetyp): its names, what it is in short, and the function that has such matters."""

    code: str
    sv: str
    en: str
    in_short_sv: str
    in_short_en: str
    insikt_area: InsiktArea | None
    function_sv: str
    function_en: str
    source: str

    @property
    def key(self) -> str:
        """See `Dated`."""
        return self.code
