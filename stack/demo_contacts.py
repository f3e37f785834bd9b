"""What the contacts of `make demo-intake` must be, and how they are shown. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from stack.problem import Problem

Shown = Mapping[str, Any]
"""A contact, as intake shows it."""

DOORS = {
    "receptionist": "samtal / call",
    "mail": "mejl / mail",
    "form": "formulär / form",
    "e-services": "händelse / event",
}
"""Who registers at each door, and what it is called."""


class NotSo(Problem):
    """Something is not as it must be (exit 1)."""


def is_settled(contact: Shown) -> bool:
    """Whether nothing more is to be waited for."""
    return bool(contact["state"] in ("answered", "taken"))


def insist_same(what: str, first: object, again: object) -> None:
    """NotSo when the second time was answered otherwise than the first."""
    if first != again:
        raise NotSo(f"{what} came twice and was answered {first} and then {again}.")


def insist(found: Sequence[Shown], said: Sequence[str], answered: Sequence[str]) -> None:
    """NotSo unless these are four contacts, one of each door, each as it must be.

    `said` are the contacts whose registration was heard, `answered` those that somebody was told of.
    """
    doors = sorted(map(door_of, found))
    if doors != sorted(DOORS.values()):
        raise NotSo(f"There must be one contact of each door; there are {len(found)}: {', '.join(doors)}.")
    if len({one["number"] for one in found if one["number"]}) != len(DOORS):
        raise NotSo("Each contact must have a number of its own in the register.")
    for one in found:
        insist_as_it_must_be(one, said.count(one["contact_id"]))
    strangers = set(answered) - {one["contact_id"] for one in found}
    if strangers:
        raise NotSo(f"Somebody was told of a contact that is not there: {', '.join(sorted(strangers))}.")


def insist_as_it_must_be(contact: Shown, times: int) -> None:
    """NotSo when one contact is not as it must be; `times` is how often it was said to be registered."""
    number, door = contact["number"], door_of(contact)
    if times != 1:
        raise NotSo(f"{number} was said to be registered {times} times.")
    suggestion = contact["suggestion"]
    if not suggestion or not suggestion["types"] or not all(one["words"] for one in suggestion["types"]):
        raise NotSo(f"{number} has no suggestion with words that spoke for it.")
    if door == DOORS["receptionist"]:
        if contact["state"] != "answered" or not contact["answered"]["card"]:
            raise NotSo(f"{number} must be answered by a guidance card; it is {contact['state']}.")
    elif contact["state"] != "taken" or set(contact["case_types"]) - {one["case_type"] for one in with_name(contact)}:
        raise NotSo(f"{number} must be with an officer who has a name; it is {contact['state']}.")


def with_name(contact: Shown) -> list[Shown]:
    """The matters of a contact that an officer has whose name we know."""
    return [one for one in contact["held"] if one["name"]]


def door_of(contact: Shown) -> str:
    """The door that it came in by."""
    return DOORS.get(contact["registered_by"], str(contact["registered_by"]))


def table(found: Sequence[Shown], mark: str) -> Table:
    """What there is in the end."""
    shown = Table(title="Så gick det / How it went", title_justify="left", show_lines=True)
    for column in (
        "nummer / number",
        "väg in / door",
        "önskan / wish",
        "förslag / suggested, by these words",
        "hur det gick / outcome",
    ):
        shown.add_column(column)
    for one in found:
        wish = " ".join((one["wish"] or "").replace(mark, "").split())
        shown.add_row(
            one["number"], door_of(one), wish, "\n".join(map(_suggested, one["suggestion"]["types"])), outcome(one)
        )
    return shown


def _suggested(one: Shown) -> str:
    words = list(dict.fromkeys(spoken["text"].lower() for spoken in one["words"]))
    longest = [word for word in words if not any(word != other and word in other for other in words)]
    return f"[bold]{one['case_type']}[/bold] «{', '.join(longest)}»"


def outcome(contact: Shown) -> str:
    """What became of it."""
    if contact["answered"]:
        return f"Svar direkt / answered at once: {contact['answered']['card']}"
    officers = ", ".join(f"{one['name']} ({one['case_type']})" for one in with_name(contact))
    by = (contact["answer_by"] or "-")[:16].replace("T", " ")
    return f"Hos / with {officers or '-'}; svar senast / answer by {by} UTC"
