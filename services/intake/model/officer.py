"""An officer, as intake knows them: whom a caller can be told of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Officer:
    """Who has a matter in hand (handläggare): name and phone; neither of one who has left."""

    municipality: str
    officer_id: str
    name: str | None = None
    phone: str | None = None
