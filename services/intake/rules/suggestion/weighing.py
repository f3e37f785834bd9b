"""The rules weigh the signs of a wish: the case types that get enough, and the words that spoke for them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.intake.model.suggestion import Rule, Ruleset, SpokenWord, SuggestedType
from services.intake.rules.suggestion.signs import ASKS, INTENDS, Hit, Hits, Seen, Signs

ANY, LONG_TEXT = "*", 5
"""Every other case type; and how many sentences a text has that tells more than it asks."""
Found = Sequence[Sequence[Hit]]
Fire = tuple[Rule, Found]
Weighed = Mapping[str, tuple[int, Sequence[Hit]]]
Silenced = Mapping[str, set[int]]


@dataclass(frozen=True, slots=True)
class Heard:
    """What rules hear in a wish: its signs, the case types that got enough, and those of a municipality's own rules."""

    seen: Seen
    types: tuple[SuggestedType, ...]
    own: frozenset[str]


class Rules:
    """A set of rules, ready for wishes."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset
        self._signs = Signs(ruleset)
        self._own = frozenset(ruleset.own_rules)
        self._conditions = [[one.split("|") for one in rule.when] for rule in ruleset.rules]

    def hear(self, text: str) -> Heard:
        """The case types that a wish in somebody's own words seems to need by the rules alone, the strongest first."""
        seen = self._signs.look(text)
        fires = list(self._fires(seen.hits))
        heard = self._enough([fire for fire in fires if not fire[0].last_resort], seen, text)
        heard = heard or self._enough(fires, seen, text)
        own = {code for rule, _ in fires if rule.name in self._own for code, weight in rule.gives.items() if weight > 0}
        return Heard(seen, heard or tuple(self._otherwise(seen, text)), frozenset(own))

    def _enough(self, fires: Sequence[Fire], seen: Seen, text: str) -> tuple[SuggestedType, ...]:
        weighed = self._asked(_weighed(fires, _silenced(fires, seen)), seen)
        types = [_suggested(code, spoken, seen, text) for code, spoken in weighed.items()]
        return tuple(
            sorted((one for one in types if one.strength >= self._ruleset.enough), key=lambda one: -one.strength)
        )

    def _asked(self, weighed: Weighed, seen: Seen) -> Weighed:
        """In a long text that asks for something, without what it only mentions."""
        if not seen.words or seen.words[-1].sentence + 1 < LONG_TEXT:
            return weighed
        asking = {hit.sentence for name in (ASKS, INTENDS) for hit in seen.hits.get(name, ())}
        asked = {code for code, (_, hits) in weighed.items() if any(hit.sentence in asking for hit in hits)}
        left_out = frozenset(self._ruleset.background) - asked if asked else frozenset()
        return {code: spoken for code, spoken in weighed.items() if code not in left_out}

    def _fires(self, seen: Hits) -> Iterator[Fire]:
        hits = dict(seen)
        for rule, conditions in zip(self._ruleset.rules, self._conditions, strict=True):
            if any(map(hits.keys().isdisjoint, conditions)) or any(map(hits.get, rule.unless)):
                continue
            there = [[hit for name in names for hit in hits.get(name, ())] for names in conditions]
            found = _placed(there, rule) if all(there) else there
            if all(found):
                if rule.shows is not None:
                    hits[rule.shows] = [*hits.get(rule.shows, ()), *(hit for some in found for hit in some)]
                yield rule, found

    def _otherwise(self, seen: Seen, text: str) -> Iterator[SuggestedType]:
        asks = seen.hits.get(ASKS, ())
        asked = {at for hit in asks for at in hit.words}
        telling = sum(at not in asked and not vague for at, vague in enumerate(seen.vague))
        if asks and telling >= self._ruleset.otherwise.at_least:
            yield _suggested(self._ruleset.otherwise.case_type, (self._ruleset.enough, asks), seen, text)


def _placed(found: Found, rule: Rule) -> Found:
    """The hits that stand as the rule wants them."""
    if rule.near is not None:
        return _near(found, rule.near)
    return _in_one_sentence(found) if rule.together else found


def _in_one_sentence(found: Found) -> Found:
    common = frozenset.intersection(*(frozenset(hit.sentence for hit in hits) for hits in found))
    return [[hit for hit in hits if hit.sentence in common] for hits in found]


def _near(found: Found, words: int) -> Found:
    """The hits of the first that have one of each of the others near, and those."""
    first, *others = found
    pairs = [(hit, [[other for other in hits if hit.is_near(other, words)] for hits in others]) for hit in first]
    kept = [(hit, near) for hit, near in pairs if all(near)]
    return [[hit for hit, _ in kept], *([one for _, near in kept for one in near[at]] for at in range(len(others)))]


def _silenced(fires: Sequence[Fire], seen: Seen) -> Silenced:
    """The sentences in which a case type is silenced, by the rules that speak instead of it."""
    silenced: defaultdict[str, set[int]] = defaultdict(set)
    every = {word.sentence for word in seen.words}
    for rule, found in fires:
        for code in rule.instead_of:
            if rule.scope == "text":
                silenced[code] |= every
            else:
                silenced[code].update(hit.sentence for hit in found[0])
    return silenced


def _weighed(fires: Sequence[Fire], silenced: Silenced) -> Weighed:
    weights: defaultdict[str, int] = defaultdict(int)
    spoken: defaultdict[str, list[Hit]] = defaultdict(list)
    for rule, found in fires:
        for code, weight in rule.gives.items():
            mute = silenced.get(code, set()) | (set() if ANY in rule.instead_of else silenced.get(ANY, set()))
            if any(hit.sentence not in mute for hit in found[0]):
                weights[code] += weight
                spoken[code] += [hit for hits in found for hit in hits] if weight > 0 else []
    return {code: (weight, spoken[code]) for code, weight in weights.items()}


def _suggested(code: str, spoken: tuple[int, Sequence[Hit]], seen: Seen, text: str) -> SuggestedType:
    weight, hits = spoken
    spans = sorted({(seen.words[hit.first].start, seen.words[hit.last].end) for hit in hits})
    return SuggestedType(code, weight, tuple(SpokenWord(text[start:end], start, end) for start, end in spans))
