"""Where an answer leads: the OpenAPI links from a contact, a party and a note to the doors about them."""

from collections.abc import Mapping
from typing import Any

TOWN = {"municipality": "$request.path.municipality"}
CONTACT, PARTY = "$response.body#/contact_id", "$response.body#/party_id"
ABOUT_A_CONTACT = (
    "see_contact",
    "write_note",
    "read_notes",
    "hand_over_contact",
    "answer_contact",
    "choose_case_types",
    "classify_contact",
    "read_classes",
    "summarise_contact",
    "dispose_of_contact",
)
ABOUT_A_PARTY = ("read_timeline", "export_party", "erase_party")


def _link(door: str, **parameters: str) -> Mapping[str, Any]:
    return {"operationId": door, "parameters": {**TOWN, **parameters}}


FROM_A_CONTACT: Mapping[int | str, dict[str, Any]] = {
    201: {
        "links": {
            **{door: _link(door, contact_id=CONTACT) for door in ABOUT_A_CONTACT},
            **{door: _link(door, party_id=PARTY) for door in ABOUT_A_PARTY},
            "hold": _link("hold", kind="contacts", subject_id=CONTACT),
            "lift_hold": _link("lift_hold", kind="contacts", subject_id=CONTACT),
        }
    }
}
"""After a contact was registered."""

FROM_A_NOTE: Mapping[int | str, dict[str, Any]] = {
    201: {
        "links": {
            "correct_note": _link(
                "correct_note", contact_id="$request.path.contact_id", note_id="$response.body#/note_id"
            )
        }
    }
}
"""After a note was written or corrected."""
