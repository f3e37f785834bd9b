"""How right suggestions are: what was suggested and what a person chose, counted by week and case type."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Hits:
    """How often a case type was suggested, chosen, and both, in a week's contacts (träffar)."""

    case_type: str
    suggested: int = 0
    chosen: int = 0
    both: int = 0

    @property
    def precision(self) -> float | None:
        """The share of the suggestions that was chosen; None without suggestions."""
        return self.both / self.suggested if self.suggested else None

    @property
    def recall(self) -> float | None:
        """The share of the choices that was suggested; None without choices."""
        return self.both / self.chosen if self.chosen else None

    def counted(self, suggested: bool, chosen: bool, times: int) -> "Hits":
        """The counts with one contact more, or less."""
        return replace(
            self,
            suggested=self.suggested + times * suggested,
            chosen=self.chosen + times * chosen,
            both=self.both + times * (suggested and chosen),
        )


@dataclass(frozen=True, slots=True)
class SuggestionWeek:
    """The contacts of a municipality and week that have a person's choice (veckas förslag): `2026-W48`."""

    municipality: str
    week_id: str
    week: str
    hits: tuple[Hits, ...] = ()

    def counted(self, suggested: tuple[str, ...], chosen: tuple[str, ...], times: int) -> "SuggestionWeek":
        """The week with one contact more, or less."""
        by_type = {one.case_type: one for one in self.hits}
        for code in dict.fromkeys((*suggested, *chosen)):
            by_type[code] = by_type.get(code, Hits(code)).counted(code in suggested, code in chosen, times)
        return replace(self, hits=tuple(by_type[code] for code in sorted(by_type)))
