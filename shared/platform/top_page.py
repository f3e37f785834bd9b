"""The page that `top` shows: one line an instance, and below it what stands still."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from shared.platform.top_reading import Reading

GAP = 2
OLD_OUTBOX, OVERDUE = 60, 300


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its head, its cell, and when its value is alarming. Where all do not fit, a low rank stays."""

    head: str
    rank: int
    cell: Callable[[Reading, Reading | None], str]
    alarms: Callable[[Reading], bool] = lambda reading: False


def _number(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ") if value else "·"


def _seconds(value: float | None) -> str:
    if not value:
        return "·"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.0f} h"


def _rate(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}" if value else "·"


def _waiting(reading: Reading) -> float:
    """What a person must answer."""
    return sum(reading.with_label("parked_open", "kind", kind) for kind in ("parked", "timer"))


def _rises(name: str) -> Callable[[Reading, Reading | None], str]:
    return lambda now, before: _rate(now.rate(name, before))


def _sum(name: str) -> Callable[[Reading, Reading | None], str]:
    return lambda now, before: _number(now.total(name))


def _over(name: str, limit: float) -> Callable[[Reading], bool]:
    return lambda now: now.highest(name) > limit


COLUMNS = (
    Column("service", 0, lambda now, before: now.service or "?"),
    Column("address", 6, lambda now, before: now.address.partition("//")[2]),
    Column("ready", 0, lambda now, before: "no" if now.trouble else "yes", lambda now: now.trouble is not None),
    Column("lag", 1, _sum("position_lag")),
    Column("max", 13, lambda now, before: _number(now.highest("position_lag"))),
    Column("outbox", 3, _sum("outbox_size")),
    Column(
        "age",
        4,
        lambda now, before: _seconds(now.total("outbox_age_seconds")),
        _over("outbox_age_seconds", OLD_OUTBOX),
    ),
    Column("aside", 12, _sum("outbox_aside"), _over("outbox_aside", 0)),
    Column(
        "overdue",
        5,
        lambda now, before: _seconds(now.highest("oldest_due_seconds")),
        _over("oldest_due_seconds", OVERDUE),
    ),
    Column("parked", 2, lambda now, before: _number(_waiting(now)), lambda now: _waiting(now) > 0),
    Column("rejected", 9, lambda now, before: _number(now.with_label("parked_open", "kind", "rejected"))),
    Column("heard/s", 7, _rises("heard_total")),
    Column("said/s", 8, _rises("said_total")),
    Column("gaps", 10, _sum("gaps_total"), _over("gaps_total", 0)),
    Column("conflicts", 14, _sum("conflicts_total")),
    Column("steals", 15, _sum("lease_steals_total")),
    Column("p50", 16, lambda now, before: _seconds(now.answered_within(0.5))),
    Column("p99", 17, lambda now, before: _seconds(now.answered_within(0.99))),
    Column("memory", 11, lambda now, before: f"{now.memory / 1e6:.0f} MB"),
)
ALWAYS = ("service", "address", "ready")
"""What is told also of an instance that does not answer."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page, drawn for the width that there is."""

    now: Sequence[Reading]
    before: Mapping[str, Reading]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table, and a line for each instance that stands still."""
        shown = sorted(self.now, key=lambda one: (one.service or "~", one.address))
        lines = {column: [self._cell(column, reading) for reading in shown] for column in COLUMNS}
        fitting = _that_fit(lines, options.max_width)
        table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")
        for column in fitting:
            table.add_column(column.head, justify="left" if column.head in ALWAYS else "right", no_wrap=True)
        for row in zip(*(lines[column] for column in fitting), strict=True):
            table.add_row(*row)
        yield table
        yield from (Text(_trouble(reading), "red") for reading in shown if reading.trouble)

    def _cell(self, column: Column, reading: Reading) -> Text:
        if reading.away and column.head not in ALWAYS:
            return Text("")
        text = column.cell(reading, self.before.get(reading.address))
        return Text(text, "bold red" if column.alarms(reading) else "")


def _that_fit(lines: Mapping[Column, Sequence[Text]], width: int) -> list[Column]:
    """As many columns as there is room for, the most important first, in their usual order."""
    room, chosen = width + GAP, []
    for column in sorted(lines, key=lambda one: one.rank):
        room -= max([len(column.head), *(len(cell) for cell in lines[column])]) + GAP
        if room < 0:
            break
        chosen.append(column)
    return [column for column in COLUMNS if column in chosen]


def _trouble(reading: Reading) -> str:
    return f"{reading.service or reading.address} stands still: {reading.trouble}"


def page(now: Sequence[Reading], before: Mapping[str, Reading]) -> Page:
    """The page of one look, with rates since the look before."""
    return Page(now, before)
