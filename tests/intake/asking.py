"""What may be asked of intake: at which door, of whose address, with whose ids and cursors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.contracts.inbox import ContactReceived
from tests.intake.settled import contact
from tests.intake.who_may import Door

WORDS = {"1438": "Alfahemlighet", "1439": "Betahemlighet"}
"""A word that stands in all that is written in the municipality of that code."""
LISTS = (
    "/contacts",
    "/contacts/{contact_id}/notes",
    "/companies/{party_id}/timeline",
    "/reception",
    "/register",
    "/register/{year}",
    "/disclosures",
    "/reads",
    "/parked",
    "/retention/runs",
    "/retention/runs/{run_id}/taken",
)
"""What is read in pieces."""
FOLDERS = frozenset({"kind", "case_type", "code", "year", "number", "group", "run_id"})
NAMED = FOLDERS | {
    "contact_id",
    "mailed",
    "attachment_id",
    "note_id",
    "party_id",
    "parking_id",
    "form_id",
    "subject_id",
}
"""What addresses name."""
DECISION = {"decided_by": "KS", "decided_on": "2026-11-20", "reference": "KS 2026/12", "paragraph": "AL 10 §"}
REASON = {"reason": "Överklagat."}
BODIES: Mapping[str, Any] = {
    "/contacts/{contact_id}/hand-over": {"function": "Bygg", "promised_at": "2026-11-24T14:00:00+01:00"},
    "/contacts/{contact_id}/answer": {"case_type": "serv_tillf"},
    "/contacts/{contact_id}/case-types": {"case_types": ["serv_stad"]},
    "/contacts/{contact_id}/links/{case_type}/undo": {"why": "En annan lokal."},
    "/suggestions": {"wish": "Får vi ha uteservering?"},
    "/contacts/{contact_id}/notes": {"text": "Ringde igen."},
    "/contacts/{contact_id}/notes/{note_id}/corrections": {"text": "Ringde i går.", "why": "Fel dag."},
    "/contacts/{contact_id}/secrecy": {"field": "wish", "secrecy": "secret", "paragraph": "OSL 19:1", "why": "Ny."},
    "/contacts/{contact_id}/summary": {"summary": "Om en servering"},
    "/parties/{party_id}/erasure": {"ground": "objection", "decision": DECISION},
    "/contacts/{contact_id}/disposal": DECISION,
    "/{kind}/{subject_id}/holds": REASON,
    "/{kind}/{subject_id}/holds/lifting": REASON,
    "/parked/{parking_id}/replay": REASON,
    "/parked/{parking_id}/discard": REASON,
}
"""What is sent to a door; nothing in it is a town's own."""


@dataclass
class Town:
    """One municipality: what names its things in addresses, and where its lists go on."""

    code: str
    ids: dict[str, str] = field(default_factory=dict)
    cursors: dict[str, str] = field(default_factory=dict)
    form_code: str = ""

    @property
    def word(self) -> str:
        return WORDS[self.code]

    @property
    def publisher(self) -> str:
        return f"system-{self.code}"

    def told_in(self, answer: httpx.Response) -> bool:
        """Whether an answer holds a word or an id of the town's, in its body or its headers."""
        told = answer.content + repr(answer.headers.raw).encode()
        return any(mark.encode() in told for mark in (self.word, f"{self.code}-"))


@dataclass
class Asked:
    """One request: at which door, of whose address, about whose things: all that the address names, or some."""

    door: Door
    at: Town
    about: Town
    taken: frozenset[str] = NAMED
    cursor: str | None = None

    def request(self, client: httpx.AsyncClient, headers: Mapping[str, str]) -> httpx.Request:
        method, path = self.door
        ids = {name: (self.about if name in self.taken else self.at).ids[name] for name in NAMED}
        named = ids | {"contact_id": ids["mailed"]} if "attachment_id" in path else ids
        address = f"/intake/v1/{self.at.code}{path.format(**named)}"
        params = {} if self.cursor is None else {"cursor": self.cursor, "limit": "1"}
        kind = {"Content-Type": "application/cloudevents+json"} if path == "/events" else {}
        return client.build_request(method, address, headers={**headers, **kind}, **self._sent(path, params))

    def _sent(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        town = self.about
        if path == "/inbound":
            return {"params": {"source": f"/{town.word}", "id": "good"}}
        if path in ("/form", "/form/follow-up") and self.door[0] == "POST":
            return {"data": {"wish": "Hej.", "code": town.form_code}}
        if path == "/events":
            event = {"specversion": "1.0", "id": "1", "source": "/x", "type": ContactReceived.type, "data": contact()}
            return {"json": event}
        return {"params": params, "json": self._body(path)} if self.door[0] != "GET" else {"params": params}

    def _body(self, path: str) -> Any:
        if path == "/contacts":
            return {"channel": "phone", "wish": "Hej.", "company": {"company_id": self.about.ids["party_id"]}}
        return {"q": self.about.word} if path == "/companies/search" else BODIES[path]


def doors_of(router: Any, below: str = "") -> Iterator[tuple[str, str]]:
    """Every method and address that the app answers at, also those that its document does not tell of."""
    for route in router.routes:
        if hasattr(route, "original_router"):
            yield from doors_of(route.original_router, below + route.include_context.prefix)
        else:
            yield from ((method, below + route.path) for method in sorted(route.methods - {"HEAD"}))
