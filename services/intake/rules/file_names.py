"""What a sender calls a file and its type, made harmless: no folder, no control character, not without end."""

import re

LONGEST = 150
NAMELESS = "bilaga"
FOLDERS = re.compile(r".*[/\\]")
NOT_FOR_NAMES = re.compile('[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"<>|:*?]')
"""Control characters, what turns the direction of text (`gpj.exe`), halves of characters, and what disks refuse."""
TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")


def plain_name(told: str) -> str:
    """The name alone, with its ending also when it is shortened."""
    name = NOT_FOR_NAMES.sub("", FOLDERS.sub("", told)).strip(" .")
    if len(name) <= LONGEST:
        return name or NAMELESS
    ending = name[-10:].rpartition(".")[2] if "." in name[-10:] else ""
    return f"{name[: LONGEST - len(ending) - 1]}.{ending}" if ending else name[:LONGEST]


def plain_type(told: str) -> str:
    """The media type without parameters; `application/octet-stream` for what is none."""
    bare = told.partition(";")[0].strip().lower()
    return bare if TYPE.fullmatch(bare) else "application/octet-stream"
