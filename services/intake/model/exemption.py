"""What need not stand in the register."""

from dataclasses import dataclass

from services.intake.model.dated import Dated


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption(Dated):
    """A kind of contact of so little importance that the register leaves it out (undantag från registrering).

    It has its number all the same, and is counted.
    """

    code: str
    sv: str
    en: str
    source: str

    @property
    def key(self) -> str:
        """See `Dated`."""
        return self.code
