"""Who may come in at each door of intake: written by hand from the law and each role's job, not from the policy."""

NOBODY = ""
"""Whoever shows no token."""

RECEPTIONIST, COORDINATOR, OFFICER = "receptionist", "coordinator", "officer"
REGISTRAR, MANAGER, PUBLISHER = "registrar", "manager", "publisher"
PUBLIC, OPERATOR, BUYER = "public", "operator", "buyer"
RECEPTION = frozenset({RECEPTIONIST, COORDINATOR})
ANYBODY = RECEPTION | {NOBODY, OFFICER, REGISTRAR, MANAGER, PUBLISHER, PUBLIC, OPERATOR, BUYER}
STAFF = RECEPTION | {OFFICER, REGISTRAR, MANAGER}
Door = tuple[str, str]

DOORS: dict[Door, frozenset[str]] = {
    # What the reception does; the registrar writes down what comes by letter, and finds what is asked for (TF 2:15).
    ("POST", "/contacts"): RECEPTION | {REGISTRAR},
    ("GET", "/contacts"): RECEPTION | {REGISTRAR},
    ("GET", "/contacts/{contact_id}"): RECEPTION | {REGISTRAR},
    ("GET", "/contacts/{contact_id}/attachments/{attachment_id}"): RECEPTION | {REGISTRAR},
    ("GET", "/contacts/{contact_id}/notes"): RECEPTION | {REGISTRAR},
    ("POST", "/contacts/{contact_id}/notes"): RECEPTION | {REGISTRAR},
    ("POST", "/contacts/{contact_id}/notes/{note_id}/corrections"): RECEPTION | {REGISTRAR},
    ("POST", "/companies/search"): RECEPTION | {REGISTRAR},
    ("GET", "/reception"): RECEPTION,
    ("POST", "/contacts/{contact_id}/hand-over"): RECEPTION,
    ("POST", "/contacts/{contact_id}/answer"): RECEPTION,
    ("POST", "/contacts/{contact_id}/case-types"): RECEPTION,
    ("POST", "/contacts/{contact_id}/links/{case_type}/undo"): RECEPTION,
    ("POST", "/suggestions"): RECEPTION,
    # What names nobody and holds nobody's words.
    ("GET", "/case-types"): STAFF | {PUBLIC},
    ("GET", "/case-types/{code}/card"): STAFF | {PUBLIC},
    ("GET", "/companies/{party_id}/timeline"): RECEPTION | {REGISTRAR, OFFICER},
    ("GET", "/reports/first-contact"): RECEPTION | {MANAGER},
    ("GET", "/reports/suggestions"): RECEPTION | {MANAGER},
    # The register, secrecy, and the law of archives: whoever meets the callers destroys nothing.
    ("GET", "/register"): ANYBODY,
    ("GET", "/register/{year}"): ANYBODY,
    ("GET", "/register/{year}/counts"): ANYBODY,
    ("GET", "/register/{year}/{number}"): ANYBODY,
    ("GET", "/register/{year}/{number}/export"): frozenset({REGISTRAR}),
    ("GET", "/disclosures"): frozenset({REGISTRAR, MANAGER}),
    ("GET", "/reads"): frozenset({REGISTRAR, MANAGER}),
    ("POST", "/contacts/{contact_id}/secrecy"): frozenset({REGISTRAR, COORDINATOR}),
    ("GET", "/contacts/{contact_id}/secrecy"): frozenset({REGISTRAR, COORDINATOR}),
    ("PUT", "/contacts/{contact_id}/summary"): RECEPTION | {REGISTRAR},
    ("GET", "/parties/{party_id}/export"): frozenset({REGISTRAR, MANAGER}),
    ("POST", "/parties/{party_id}/erasure"): frozenset({REGISTRAR, MANAGER}),
    ("POST", "/contacts/{contact_id}/disposal"): frozenset({REGISTRAR, MANAGER}),
    ("POST", "/{kind}/{subject_id}/holds"): frozenset({REGISTRAR, MANAGER}),
    ("POST", "/{kind}/{subject_id}/holds/lifting"): frozenset({REGISTRAR, MANAGER}),
    ("GET", "/retention/preview"): frozenset({REGISTRAR, MANAGER}),
    ("GET", "/retention/preview/{group}"): frozenset({REGISTRAR, MANAGER}),
    ("GET", "/retention/runs"): frozenset({REGISTRAR, MANAGER}),
    ("GET", "/retention/runs/{run_id}/taken"): frozenset({REGISTRAR, MANAGER}),
    # The public form.
    ("GET", "/form"): ANYBODY,
    ("POST", "/form"): ANYBODY,
    ("GET", "/form/receipts/{form_id}"): ANYBODY,
    ("GET", "/form/follow-up"): ANYBODY,
    ("POST", "/form/follow-up"): ANYBODY,
    # Other systems, and those who look after the machines.
    ("POST", "/events"): frozenset({PUBLISHER}),
    ("GET", "/inbound"): frozenset({PUBLISHER, OPERATOR}),
    ("GET", "/parked"): frozenset({OPERATOR}),
    ("GET", "/parked/{parking_id}"): frozenset({OPERATOR}),
    ("POST", "/parked/{parking_id}/replay"): frozenset({OPERATOR}),
    ("POST", "/parked/{parking_id}/discard"): frozenset({OPERATOR}),
}
"""The method and the address below `/intake/v1/{municipality}` -> who may come in, in a municipality of theirs."""

WITH_GRANT = {
    ("GET", "/contacts/{contact_id}"),
    ("GET", "/contacts/{contact_id}/attachments/{attachment_id}"),
    ("GET", "/contacts/{contact_id}/notes"),
    ("POST", "/contacts/{contact_id}/notes"),
    ("POST", "/contacts/{contact_id}/notes/{note_id}/corrections"),
}
"""Where an officer may come in with a grant for that contact: whoever has the matter writes notes too (FL 27)."""

PERSONAL: dict[Door, tuple[str, ...]] = {
    ("GET", "/contacts"): ("contact_id", "mailed"),
    ("GET", "/contacts/{contact_id}"): ("contact_id",),
    ("GET", "/contacts/{contact_id}/attachments/{attachment_id}"): ("mailed",),
    ("GET", "/contacts/{contact_id}/notes"): ("contact_id",),
    ("POST", "/companies/search"): ("party_id",),
    ("POST", "/contacts/{contact_id}/hand-over"): ("contact_id",),
    ("POST", "/contacts/{contact_id}/answer"): ("contact_id",),
    ("POST", "/contacts/{contact_id}/case-types"): ("contact_id",),
    ("POST", "/contacts/{contact_id}/secrecy"): ("contact_id",),
    ("GET", "/contacts/{contact_id}/secrecy"): ("contact_id",),
    ("GET", "/register/{year}/{number}/export"): ("contact_id",),
    ("GET", "/parties/{party_id}/export"): ("party_id", "contact_id"),
    ("POST", "/{kind}/{subject_id}/holds/lifting"): ("subject_id",),
}
"""Doors that give out what somebody said or who they are -> the ids that the log of reads must hold of it."""

NOT_PERSONAL = {
    ("GET", "/companies/{party_id}/timeline"),
    ("GET", "/disclosures"),
    ("GET", "/parked"),
    ("GET", "/parked/{parking_id}"),
    ("GET", "/retention/runs/{run_id}/taken"),
}
"""Doors where a word of the town's stands in what names nobody: a case type, a rule, a source."""

OF_NO_MUNICIPALITY = ("/alive", "/ready", "/metrics", "/openapi.json", "/docs", "/intake/v1/api-info")
"""What anybody who reaches the machine may read."""
