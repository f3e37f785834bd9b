"""Writes what the code says of itself: docs/events.md, asyncapi.yaml, metrics.md and schemas; `--check` compares."""

import difflib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.platform import metrics
from shared.platform.docs_asyncapi import asyncapi
from shared.platform.docs_events import events_page
from shared.platform.docs_listeners import listeners
from shared.platform.docs_schemas import schema_files

ROOT = Path(__file__).parents[2] / "docs"


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Write the documents, or with `--check` print how they differ from the catalogue; 1 when they do."""
    wanted = documents()
    if "--check" not in arguments:
        write(wanted, root)
        return 0
    differences = compare(wanted, root)
    sys.stdout.writelines(differences)
    return 1 if differences else 0


def documents() -> dict[str, str]:
    """Every generated document, by its path under docs/."""
    heard = listeners()
    return {
        "events.md": events_page(heard),
        "asyncapi.yaml": asyncapi(heard),
        "metrics.md": metrics.page(),
        **schema_files(),
    }


def write(wanted: Mapping[str, str], root: Path) -> None:
    """Make the folder say what is wanted, and nothing from before."""
    for name in _leftover(wanted, root):
        (root / name).unlink()
    for name, text in wanted.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def compare(wanted: Mapping[str, str], root: Path) -> list[str]:
    """How the folder differs from what is wanted, as lines of a unified diff; empty when it does not."""
    lines: list[str] = []
    for name in sorted({*wanted, *_leftover(wanted, root)}):
        path = root / name
        there = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
        lines += difflib.unified_diff(
            there, wanted.get(name, "").splitlines(keepends=True), f"docs/{name}", "catalogue"
        )
    return [*lines, "docs/ is not in step with the catalogue: run `make docs`.\n"] if lines else []


def _leftover(wanted: Mapping[str, str], root: Path) -> list[str]:
    names = (path.relative_to(root).as_posix() for path in (root / "schemas").glob("*.json"))
    return sorted(name for name in names if name not in wanted)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
