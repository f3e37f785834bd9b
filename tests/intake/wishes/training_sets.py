"""The labelled wishes that weights of suggestion are learned from."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FAMILIAR = ("seen", "own", "fresh-1", "fresh-2", "fresh-3", "fresh-4")
"""The rules were tuned on these."""
STRANGE = ("fresh-6", "fresh-7", "fresh-9", "fresh-10", "fresh-11", "fresh-12")
"""The rules never saw these; each is another writer's."""


def wishes_in(name: str) -> Sequence[dict[str, Any]]:
    """The wishes of a set."""
    return [json.loads(line) for line in (HERE / f"{name}.jsonl").read_text("utf-8").splitlines()]


def digest() -> str:
    """The digest of all of them: another one is another table of weights."""
    texts = (HERE.joinpath(f"{name}.jsonl").read_bytes() for name in (*FAMILIAR, *STRANGE))
    return sha256(b"".join(texts)).hexdigest()
