"""What stands in a line of ours: others' words made safe (no line break, no control character), and moments."""

import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

LONGEST = 200
SWEDEN = ZoneInfo("Europe/Stockholm")


def one_line(text: str, most: int = LONGEST) -> str:
    """The text on one line; what would steer a header, a terminal or the direction of writing becomes a space."""
    bare = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text)
    line = " ".join(bare.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def in_sweden(moment: datetime) -> str:
    """A moment as the clock on the wall shows it."""
    return moment.astimezone(SWEDEN).strftime("%Y-%m-%d %H:%M")
