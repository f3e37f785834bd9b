"""The search box: companies, and persons who speak for themselves, by whatever is known of them, the best first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.intake.model.party import Party, PartyKind
from services.intake.rules.finding import Answer, Mark, Printed, Sought, print_of
from services.intake.store.contacts import Contacts
from services.intake.store.parties import Parties
from services.intake.store.timeline import Timeline

HITS = 10
AT_ONCE = 20
"""So many parties are read for each mark and kind that is looked for: what a question costs has a bound."""
JUDGED = 15
"""So many companies are judged with all who speak for them."""
PERSONS, COUNTED = 150, 500
SHOWN_PERSONS = 10
KINDS: Sequence[PartyKind] = ("company", "person")


@dataclass(frozen=True, slots=True)
class Hit:
    """One company with the persons who speak for it, those that were sought first; or a person who speaks alone."""

    party: Party
    persons: tuple[Party, ...]
    open_contacts: int
    matters: int

    @property
    def parties(self) -> Sequence[Party]:
        """All of them."""
        return self.party, *self.persons


@dataclass(frozen=True, slots=True)
class Sources:
    """Where is looked: parties, and what they have with us."""

    parties: Parties
    contacts: Contacts
    timeline: Timeline


async def find(sought: Sought, municipality: str, sources: Sources, printed: Printed) -> list[Hit]:
    """At most ten, the best first."""
    found = await _candidates(sought, municipality, sources.parties, printed)
    likely = _best(found, sought)[:JUDGED]
    await _complete(found, likely, municipality, sources.parties)
    best = [one for one in _best(found, sought) if one in found[one]][:HITS]
    opened, matters = await sources.contacts.open_of(best, COUNTED), await sources.timeline.matters_of(best, COUNTED)
    hits = ((one, *_sorted(found[one], one, sought)) for one in best)
    return [Hit(party, persons, opened.get(one, 0), matters.get(one, 0)) for one, party, persons in hits]


Found = dict[str, dict[str, Party]]
"""Party id of a company, or of a person who speaks alone -> itself and those who speak for it, by their ids."""


async def _candidates(sought: Sought, municipality: str, parties: Parties, printed: Printed) -> Found:
    """Who has one of the marks; no more are looked for once there are enough who answer to all that is sought."""
    found: Found = {}
    for lead, kind in _looks(sought):
        _add(found, await parties.printed(municipality, kind, print_of(lead, printed), AT_ONCE))
        if sum(sought.answered_by(group.values()).whole for group in found.values()) >= HITS:
            break
    return found


def _looks(sought: Sought) -> Iterator[tuple[Mark, PartyKind]]:
    return ((lead, kind) for lead in sought.leads() for kind in KINDS)


def _add(found: Found, parties: Iterable[Party]) -> None:
    for party in parties:
        found.setdefault(party.company_id or party.party_id, {})[party.party_id] = party


async def _complete(found: Found, likely: Sequence[str], municipality: str, parties: Parties) -> None:
    """The companies themselves, and all who speak for them."""
    await parties.load(likely)
    themselves = [await parties.known(one) for one in likely]
    _add(found, [party for party in themselves if party is not None and party.municipality == municipality])
    _add(found, await parties.speakers_of(likely, PERSONS))


def _best(found: Found, sought: Sought) -> list[str]:
    answers: Mapping[str, Answer] = {one: sought.answered_by(group.values()) for one, group in found.items()}
    matched = [one for one in sorted(answers) if answers[one].matched]
    return sorted(matched, key=lambda one: answers[one], reverse=True)


def _sorted(group: Mapping[str, Party], party_id: str, sought: Sought) -> tuple[Party, tuple[Party, ...]]:
    persons = [party for one, party in group.items() if one != party_id and party.known_as]
    persons.sort(key=lambda person: sought.answered_by([person]), reverse=True)
    return group[party_id], tuple(persons[:SHOWN_PERSONS])
