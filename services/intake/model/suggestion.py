"""The rules of suggestion as data, and what they say of a wish: case types with the words that spoke for them."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from services.intake.model.dated import Dated

ZERO = ord("5")
"""A weight is written as a letter: 5 is nothing, 6 a fifth of log odds for a case type, 4 one against it."""

Scope = Literal["sentence", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What some signs together say of a wish (förslagsregel).

    Every element of `when` must be in the text: the name of a sign, several with `|` between where any will do,
    `!alcohol` where it was denied; in one and the same sentence when they must stand `together`, and so many words from
    the first when they must be `near`. No sign of `unless` may be.
    A rule `gives` weights by case type, or `shows` a sign of its own to the rules after it. One that speaks
    `instead_of` other case types silences them in the sentences of its first sign, or in the whole text; "*" is every
    other. A `last_resort` is heard when nothing else got enough.
    """

    name: str
    when: tuple[str, ...]
    gives: Mapping[str, int] = field(default_factory=dict)
    shows: str | None = None
    unless: tuple[str, ...] = ()
    together: bool = False
    near: int | None = None
    instead_of: tuple[str, ...] = ()
    scope: Scope = "sentence"
    last_resort: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Otherwise:
    """What is said of a wish that is clear, yet of no other case type (övrig önskan).

    It asks for something (the sign `asks`), and has `at_least` so many words that are not among the signs `vague`.
    """

    case_type: str
    at_least: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ruleset(Dated):
    """The rules of suggestion in one version (regelverk för förslag): signs are words and phrases under a name.

    `permits` are the signs that are settled by "vi har redan ...". `mentions` are those that ask for nothing right
    after another sign, which says where something is ("bakom macken") or what one already is ("vi är en ...");
    `callers` those that only tell who asks, as a sentence begins before words of the sign `calls` ("krögare undrar").
    `background` are case types that a long text may mention by the way: they need a sentence that asks for something.
    `builds_on` names the version for all that a municipality's own adds to: its signs and rules of the same names stand
    instead, and are its `own_rules`, which no learned weights gainsay.
    """

    about: ClassVar[str] = "suggestion"
    version: str
    enough: int
    otherwise: Otherwise
    permits: tuple[str, ...]
    signs: Mapping[str, tuple[str, ...]]
    rules: tuple[Rule, ...]
    mentions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    callers: tuple[str, ...] = ()
    background: tuple[str, ...] = ()
    builds_on: str | None = None
    own_rules: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """ValueError for a rule that names a sign that is none."""
        Dated.__post_init__(self)
        if self.builds_on is not None:
            return
        signs = {*self.signs, *(rule.shows for rule in self.rules)}
        for rule in self.rules:
            named = [name.removeprefix("!") for names in (*rule.when, *rule.unless) for name in names.split("|")]
            if unknown := [name for name in named if name not in signs]:
                raise ValueError(f"rule {rule.name} names the sign {unknown[0]}, which is none")

    def on_top_of(self, below: "Ruleset") -> "Ruleset":
        """These rules added to others: signs and rules of the same names stand instead."""
        rules = {rule.name: rule for rule in (*below.rules, *self.rules)}
        return replace(
            self,
            signs={**below.signs, **self.signs},
            rules=tuple(rules.values()),
            permits=tuple(dict.fromkeys((*below.permits, *self.permits))),
            mentions={**below.mentions, **self.mentions},
            callers=tuple(dict.fromkeys((*below.callers, *self.callers))),
            background=tuple(dict.fromkeys((*below.background, *self.background))),
            builds_on=None,
            own_rules=tuple(rule.name for rule in self.rules),
        )

    @property
    def key(self) -> str:
        """See `Dated`: there is one of an owner on a day."""
        return self.about

    @property
    def name(self) -> str:
        """Which rules they were, for those who look later."""
        return f"{self.owner} {self.version}".lstrip()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightTable(Dated):
    """What was learned from labelled wishes in one version (vikttabell): what each feature weighs for each case type.

    `learned_from` is the digest of those wishes. `bias` stands in the order of `case_types`, in hundredths of log odds;
    `weights` are lines as `=mur 5Y4`: a feature, and a letter for each of the case types (see `ZERO`). A score is
    `enough` alone, and `enough_with_rules` where the rules say the same. `denied_by` names the signs that, denied and
    not said besides, leave out case types that no rule says.
    """

    about: ClassVar[str] = "suggestion weights"
    version: str
    learned_from: str
    enough: int
    enough_with_rules: int
    case_types: tuple[str, ...]
    bias: tuple[int, ...]
    weights: tuple[str, ...]
    denied_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """ValueError for a bias that has not a number for each case type, and for weights that can't be read."""
        Dated.__post_init__(self)
        count = len(self.case_types)
        if len(self.bias) != count:
            raise ValueError(f"bias has {len(self.bias)} numbers for {count} case types")
        written = re.compile(rf"[^ ]+ [!-~]{{{count}}}")
        if wrong := [line for line in self.weights if not written.fullmatch(line)]:
            raise ValueError(f"{wrong[0]}: is no feature with a letter for each of {count} case types")

    @property
    def features(self) -> Iterator[str]:
        """The features, in the order of their weights."""
        return (line[: -len(self.case_types) - 1] for line in self.weights)

    def together(self, places: Collection[int]) -> Sequence[int]:
        """What the features at some places weigh together for each case type."""
        count = len(self.case_types)
        letters = "".join([self.weights[place][-count:] for place in places]).encode()
        return [sum(letters[at::count]) - ZERO * len(places) for at in range(count)]

    def weight(self, place: int, which: int) -> int:
        """What the feature at a place weighs for a case type."""
        return ord(self.weights[place][which - len(self.case_types)]) - ZERO

    @property
    def key(self) -> str:
        """See `Dated`: there is one of an owner on a day."""
        return self.about

    @property
    def name(self) -> str:
        """Which weights they were, for those who look later."""
        return f"{self.owner} {self.version}".lstrip()


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """Words of a wish that spoke for a case type (talande ord), as they stand there: characters `start` to `end`."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SuggestedType:
    """A case type that a wish seems to need (föreslagen ärendetyp), and why."""

    case_type: str
    strength: int
    words: tuple[SpokenWord, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the rules said of a wish (förslag): the strongest first; none when nobody could understand it."""

    rules: str
    types: tuple[SuggestedType, ...] = field(default=())

    @property
    def understood(self) -> bool:
        """Whether the rules understood anything of it."""
        return bool(self.types)

    @property
    def codes(self) -> tuple[str, ...]:
        """The case types alone."""
        return tuple(one.case_type for one in self.types)
