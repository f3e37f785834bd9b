"""What others wrote, made safe to stand in a line of ours: no line break, no control character, not too long."""

import unicodedata

LONGEST = 200


def one_line(text: str, most: int = LONGEST) -> str:
    """The text on one line; what would steer a header, a terminal or the direction of writing becomes a space."""
    bare = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text)
    line = " ".join(bare.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
