"""The links of the OpenAPI document lead somewhere: to doors that there are, with what their addresses need."""

import re
from typing import Any

from tests.intake.at_doors import AtDoors


async def test_each_link_names_a_door_and_all_that_its_address_needs() -> None:
    async with AtDoors() as doors:
        document = (await doors.get("http://intake/openapi.json")).json()
    found = [(path, door) for path, doors_there in document["paths"].items() for door in doors_there.values()]
    needed = {door["operationId"]: set(re.findall(r"{(\w+)}", path)) for path, door in found}
    taken = {door["operationId"]: {one["name"] for one in door.get("parameters", ())} for _, door in found}
    assert len(needed) == len(found)
    links: dict[str, dict[str, Any]] = {}
    for _, door in found:
        for answer in door["responses"].values():
            links |= answer.get("links", {})
    assert len(links) > 10
    for link in links.values():
        door = link["operationId"]
        assert needed[door] <= link["parameters"].keys() <= taken[door]
