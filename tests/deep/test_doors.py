"""Schemathesis with all its checks at intake on real servers: as everybody at once, and as each role alone."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.platform.clock import SystemClock
from shared.platform.token import make_token
from shared.platform.web.who import ROLES
from stack.instances import install
from stack.testing import start_servers
from tests.doors.knocking import knock
from tests.end_to_end.test_doors_fuzz import FORM

pytestmark = pytest.mark.servers

AS_ALL, AS_ONE = {"door": 25, "chains": 150}, {"door": 2, "chains": 10}


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Where it answers, and the key that its tokens are signed with."""
    where = tmp_path_factory.mktemp("doors")
    told = {"INTAKE_FORMS": json.dumps([FORM]), "INTAKE_FORMS_AN_HOUR": "100000"}
    with (
        start_servers(where / "servers") as servers,
        install(servers, where, ["a"], services=["intake"], told=told) as whole,
    ):
        yield f"http://127.0.0.1:{whole.port('intake')}", where / "secrets" / "jwt.pem"


@pytest.mark.parametrize("roles", [ROLES, *((role,) for role in ROLES)], ids=lambda roles: " ".join(roles[:3]))
def test_no_check_fails_at_any_door(intake: tuple[str, Path], roles: tuple[str, ...]) -> None:
    url, key = intake
    token = make_token(key, "kommunkontakt", "e-services", roles, ["1460"], timedelta(hours=2), SystemClock())
    knocked = knock(url, token, AS_ALL if roles == ROLES else AS_ONE, int(os.environ.get("SEED") or 1460))
    assert knocked.code == 0, knocked.told
    assert knocked.tested > 40
    assert len(knocked.clean) == 4, knocked.told
