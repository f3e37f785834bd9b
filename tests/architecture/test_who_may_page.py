"""docs/intake.md says who may what, as the policy has it."""

import re
from pathlib import Path

from services.intake.rules.policy import MAY

PAGE = (Path(__file__).parents[2] / "docs" / "intake.md").read_text(encoding="utf-8")


def test_the_table_names_every_action_with_its_roles() -> None:
    section = PAGE.partition("## Who may what")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|$", section, flags=re.MULTILINE)
    told = {action: frozenset(roles.strip().split(", ")) for action, roles in rows}
    assert told == {action.value: roles for action, roles in MAY.items()}
