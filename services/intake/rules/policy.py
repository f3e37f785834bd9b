"""Who may do what: one table, asked at every door."""

from collections.abc import Mapping
from enum import StrEnum

from shared.contracts.grant import Grant

Role = str
"""One of `shared.platform.web.who.ROLES`."""


class Action(StrEnum):
    """What is done at a door (åtgärd)."""

    REGISTER_CONTACT = "register-contact"
    READ_CONTACT = "read-contact"
    LIST_CONTACTS = "list-contacts"
    READ_ATTACHMENT = "read-attachment"
    READ_TIMELINE = "read-timeline"
    FIND_COMPANY = "find-company"
    ERASE_PARTY = "erase-party"
    DISPOSE_OF_CONTACT = "dispose-of-contact"
    HOLD = "hold"
    EXPORT_PARTY = "export-party"
    READ_GUIDANCE = "read-guidance"
    SUGGEST = "suggest"
    CHOOSE_CASE_TYPES = "choose-case-types"
    UNLINK_CONTACT = "unlink-contact"
    CLASSIFY_CONTACT = "classify-contact"
    SUMMARISE_CONTACT = "summarise-contact"
    READ_REGISTER = "read-register"
    GIVE_OUT_RECORD = "give-out-record"
    LOOK_BACK = "look-back"
    WRITE_NOTE = "write-note"
    READ_NOTES = "read-notes"
    SEND_FORM = "send-form"
    FOLLOW_UP = "follow-up"
    HAND_OVER_CONTACT = "hand-over-contact"
    ANSWER_CONTACT = "answer-contact"
    SEE_RECEPTION = "see-reception"
    READ_REPORTS = "read-reports"
    SEE_RETENTION = "see-retention"


RECEPTION = frozenset({"receptionist", "coordinator"})
REGISTRY = frozenset({"registrar"})
ARCHIVE = REGISTRY | {"manager"}
NOBODY = frozenset[Role]()
ANYBODY = frozenset({"public"})
"""Also who shows no token, at doors that ask for none."""

MAY: Mapping[Action, frozenset[Role]] = {
    Action.REGISTER_CONTACT: RECEPTION | REGISTRY,
    Action.READ_CONTACT: RECEPTION | REGISTRY,
    Action.LIST_CONTACTS: RECEPTION | REGISTRY,
    Action.READ_ATTACHMENT: RECEPTION | REGISTRY,
    Action.READ_TIMELINE: RECEPTION | REGISTRY | {"officer"},
    Action.FIND_COMPANY: RECEPTION | REGISTRY,
    Action.ERASE_PARTY: ARCHIVE,
    Action.DISPOSE_OF_CONTACT: ARCHIVE,
    Action.HOLD: ARCHIVE,
    Action.EXPORT_PARTY: ARCHIVE,
    Action.READ_GUIDANCE: RECEPTION | ARCHIVE | ANYBODY | {"officer"},
    Action.SUGGEST: RECEPTION,
    Action.CHOOSE_CASE_TYPES: RECEPTION,
    Action.UNLINK_CONTACT: RECEPTION,
    Action.CLASSIFY_CONTACT: REGISTRY | {"coordinator"},
    Action.SUMMARISE_CONTACT: RECEPTION | REGISTRY,
    Action.READ_REGISTER: ANYBODY,
    Action.GIVE_OUT_RECORD: REGISTRY,
    Action.LOOK_BACK: ARCHIVE,
    Action.WRITE_NOTE: RECEPTION | REGISTRY,
    Action.READ_NOTES: RECEPTION | REGISTRY,
    Action.SEND_FORM: ANYBODY,
    Action.FOLLOW_UP: ANYBODY,
    Action.HAND_OVER_CONTACT: RECEPTION,
    Action.ANSWER_CONTACT: RECEPTION,
    Action.SEE_RECEPTION: RECEPTION,
    Action.READ_REPORTS: RECEPTION | {"manager"},
    Action.SEE_RETENTION: ARCHIVE,
}

MAY_WITH_GRANT: Mapping[Action, frozenset[Role]] = dict.fromkeys(
    (Action.READ_CONTACT, Action.READ_ATTACHMENT, Action.READ_NOTES, Action.WRITE_NOTE), frozenset({"officer"})
)
"""Who may do it besides, to the one contact that a grant of theirs is for."""


def may(roles: frozenset[Role], action: Action, *, granted: bool = False) -> bool:
    """Whether somebody with these roles may do it; to one contact, with a grant that holds for it, also more."""
    return not roles.isdisjoint(MAY[action] | (MAY_WITH_GRANT.get(action, NOBODY) if granted else NOBODY))


def holds(grant: Grant, person_id: str, municipality: str, contact_id: str) -> bool:
    """Whether a grant is this person's, for this contact."""
    return (grant.officer, grant.municipality, grant.contact_id) == (person_id, municipality, contact_id)
