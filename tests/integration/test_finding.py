"""The search box on a real MongoDB: what a question reads has a bound, however common its words are."""

from typing import Any

import pytest
from pymongo import monitoring

from bench.find import PERSONS_EACH, ask, filled, questions
from services.intake.finding import AT_ONCE, COUNTED, JUDGED, PERSONS
from shared.platform.mongo import MongoDatabase
from stack.mongo import Mongo
from tests.integration.test_indexes import Commands

pytestmark = pytest.mark.servers

COMPANIES = 1_500
MARKS = 5
MOST = {"parties": AT_ONCE, "keys": JUDGED + PERSONS, "contacts": COUNTED, "timeline": COUNTED}
COMMON = ("an", "ander", "anders andersson", "andersson anna", "bygg andersson", "ab", "a b", "karl johan", "anna zz")


async def test_no_question_reads_more_than_its_bound(mongo_server: Mongo) -> None:
    commands = Commands()
    monitoring.register(commands)
    hearing = await filled(mongo_server.url, COMPANIES)
    database = hearing.database
    assert isinstance(database, MongoDatabase)
    try:
        assert await database.count("parties", {}) == COMPANIES * (1 + PERSONS_EACH)
        for question in (*COMMON, *questions(40, COMPANIES)):
            commands.on = True
            await ask(hearing, question)
            commands.on = False
            sent, commands.sent = commands.sent, []
            asked = [one for one in sent if "find" in one]
            assert [one["findAndModify"] for one in sent if "find" not in one] in ([], ["reads"])
            assert len([one for one in asked if "prints" in one.get("filter", {})]) <= 2 * MARKS
            for command in asked:
                most = JUDGED + PERSONS if "company_id" in command["filter"] else MOST[command["find"]]
                assert await examined(database, command) <= most, command["find"]
    finally:
        commands.on = False
        await database.drop()
        await database.close()


async def examined(database: MongoDatabase, command: dict[str, Any]) -> int:
    """How many documents MongoDB looks at to carry a command out."""
    told = {key: value for key, value in command.items() if key not in ("lsid", "$db", "$clusterTime", "txnNumber")}
    plan = await database._database.command({"explain": told, "verbosity": "executionStats"})
    examined: int = plan["executionStats"]["totalDocsExamined"]
    return examined
