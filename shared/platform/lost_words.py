"""What a restore has lost, told to the operator on a terminal."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from shared.platform.database import Document
from shared.platform.lost import Report

MOST = 100


def show(console: Console, rows: Sequence[Document], how: Report | None) -> None:
    """A summary by topic and type, then the first rows, then what must be erased again; with `how`, positions too."""
    if not rows:
        console.print("Nothing had been said that the backup does not hold.")
    else:
        console.print(_summary(rows))
        console.print(_listed(rows[:MOST], "Said in the lost time, and heard by others"))
        if len(rows) > MOST:
            console.print(f"... and {len(rows) - MOST} more: `backup lost --json` lists all of them.")
    erased = [row for row in rows if row["erased"]]
    if erased:
        console.print(_listed(erased, "Erased in the lost time: erase these again, once the service has caught up"))
    for sentence in _positions(how) if how is not None else ():
        console.print(sentence)


def _summary(rows: Iterable[Document]) -> Table:
    groups: dict[tuple[str, str], list[Document]] = defaultdict(list)
    for row in rows:
        groups[row["topic"], short(row["type"])].append(row)
    columns = ("topic", "type", "events", "subjects", "first", "last")
    table = _table("What others heard in the lost time", columns)
    for (topic, type_), some in sorted(groups.items()):
        times = sorted(str(row["time"]) for row in some)
        subjects = len({row["subject"] for row in some})
        table.add_row(topic, type_, str(len(some)), str(subjects), times[0], times[-1])
    return table


def _listed(rows: Iterable[Document], title: str) -> Table:
    table = _table(title, ("topic", "subject", "sequence", "epoch", "type", "time"))
    for row in rows:
        place = row["topic"], row["subject"], str(row["sequence"]), str(row["epoch"])
        table.add_row(*place, short(row["type"]), str(row["time"]))
    return table


def _table(title: str, columns: Iterable[str]) -> Table:
    """A table whose cells go on in the next line when the terminal is narrow: an id that is cut off is of no use."""
    table = Table(title=title, title_justify="left", box=None)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def short(type_: str) -> str:
    """A type without what all of ours begin with."""
    return type_.removeprefix("se.kommunkontakt.")


def _positions(how: Report) -> Iterable[str]:
    for topic, subject in how.forgotten:
        yield f"! {subject} was erased on {topic}, and we know them again: have them erased once more."
    for topic in how.gone:
        yield f"! {topic} was heard and is not in Kafka: is this the right Kafka, and was the set-up run?"
    for topic, partition, position, end in how.ahead:
        yield (
            f"! {topic}/{partition} was heard up to {position} and ends at {end}: Kafka has lost events. It will be "
            "heard from its beginning; what was heard before is known, and changes nothing."
        )
    for topic, partition, records in how.missed:
        yield f"! {topic}/{partition}: {records} records since the backup are not kept any more, and are lost to us."
