"""Lists and reports as CSV, for those who ask for it: by `format=csv`, or with the header Accept."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from pydantic import BaseModel

MEDIA_TYPE = "text/csv"
CSV: dict[str, Any] = {
    "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    "description": "JSON, or the same as CSV; the next piece of a list is then told by the header Link.",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula."""

Format = Annotated[
    Literal["json", "csv"] | None, Query(alias="format", description="as the header Accept says when absent")
]


def answered_as(
    wanted: Literal["json", "csv"] | None,
    request: Request,
    rows: Sequence[BaseModel],
    whole: BaseModel,
    following: str | None = None,
) -> BaseModel | Response:
    """The whole as JSON, or its rows as CSV; `following` is the cursor of the next piece."""
    if not (wanted == "csv" or (wanted is None and MEDIA_TYPE in request.headers.get("accept", ""))):
        return whole
    after = request.url.include_query_params(cursor=following)
    link = {} if following is None else {"Link": f'<{after.path}?{after.query}>; rel="next"'}
    return Response(written(rows), media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=link)


def written(rows: Sequence[BaseModel]) -> str:
    """Rows as RFC 4180 has it, with a line of names: those of what lies within have dots. Nothing of no rows."""
    flat = [_flat("", row.model_dump()) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([names, *([row.get(name, "") for name in names] for row in flat)] if flat else [])
    return text.getvalue()


def _flat(before: str, value: Any) -> dict[str, str]:
    if isinstance(value, dict):
        return {name: cell for key, inner in value.items() for name, cell in _flat(f"{before}.{key}", inner).items()}
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return {name: cell for nth, one in enumerate(value) for name, cell in _flat(f"{before}.{nth}", one).items()}
    return {before.removeprefix("."): _cell(value)}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text
