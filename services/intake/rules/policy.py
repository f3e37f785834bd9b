"""Who may do what: one table, asked at every door."""

from collections.abc import Mapping
from enum import StrEnum

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
    WRITE_NOTE = "write-note"
    READ_NOTES = "read-notes"
    SEND_FORM = "send-form"
    FOLLOW_UP = "follow-up"
    HAND_OVER_CONTACT = "hand-over-contact"
    ANSWER_CONTACT = "answer-contact"
    SEE_RECEPTION = "see-reception"
    READ_REPORTS = "read-reports"
    SEE_RETENTION = "see-retention"


MAY: Mapping[Action, frozenset[Role]] = {
    Action.REGISTER_CONTACT: frozenset({"receptionist", "coordinator"}),
    Action.READ_CONTACT: frozenset({"receptionist", "coordinator"}),
    Action.LIST_CONTACTS: frozenset({"receptionist", "coordinator"}),
    Action.READ_ATTACHMENT: frozenset({"receptionist", "coordinator"}),
    Action.READ_TIMELINE: frozenset({"receptionist", "coordinator"}),
    Action.FIND_COMPANY: frozenset({"receptionist", "coordinator"}),
    Action.ERASE_PARTY: frozenset({"coordinator", "manager"}),
    Action.DISPOSE_OF_CONTACT: frozenset({"registrar", "manager"}),
    Action.HOLD: frozenset({"registrar", "manager"}),
    Action.EXPORT_PARTY: frozenset({"registrar", "manager"}),
    Action.READ_GUIDANCE: frozenset({"receptionist", "coordinator", "officer", "registrar", "manager", "public"}),
    Action.SUGGEST: frozenset({"receptionist", "coordinator"}),
    Action.CHOOSE_CASE_TYPES: frozenset({"receptionist", "coordinator"}),
    Action.UNLINK_CONTACT: frozenset({"receptionist", "coordinator"}),
    Action.CLASSIFY_CONTACT: frozenset({"registrar", "coordinator"}),
    Action.SUMMARISE_CONTACT: frozenset({"receptionist", "coordinator", "registrar"}),
    Action.READ_REGISTER: frozenset({"public"}),
    Action.GIVE_OUT_RECORD: frozenset({"registrar"}),
    Action.WRITE_NOTE: frozenset({"receptionist", "coordinator"}),
    Action.READ_NOTES: frozenset({"receptionist", "coordinator", "registrar"}),
    Action.SEND_FORM: frozenset({"public"}),
    Action.FOLLOW_UP: frozenset({"public"}),
    Action.HAND_OVER_CONTACT: frozenset({"receptionist", "coordinator"}),
    Action.ANSWER_CONTACT: frozenset({"receptionist", "coordinator"}),
    Action.SEE_RECEPTION: frozenset({"receptionist", "coordinator"}),
    Action.READ_REPORTS: frozenset({"receptionist", "coordinator", "manager"}),
    Action.SEE_RETENTION: frozenset({"registrar", "manager"}),
}


def may(roles: frozenset[Role], action: Action) -> bool:
    """Whether somebody with these roles may do it at all."""
    return not roles.isdisjoint(MAY[action])
