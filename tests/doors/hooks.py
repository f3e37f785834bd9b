"""What Schemathesis loads besides: the municipality of the token, and a check that the document and the doors agree."""

import os
import re
from collections.abc import Mapping
from typing import Any

import schemathesis

TOWN = "1460"
CHAINS = "DOORS_IN_CHAINS"
CODE = re.compile(r"[0-9]{4}")
IN_WORDS = "/form"
"""What the fields of the public form hold is judged in words for people, beyond what the document tells of them."""


@schemathesis.hook
def before_load_schema(_: Any, document: dict[str, Any]) -> None:
    """Chains begin with a contact of no company of ours: Schemathesis would not begin with what names one by its id."""
    if os.environ.get(CHAINS):
        document["components"]["schemas"].get("CompanyAsked", {}).get("properties", {}).pop("company_id", None)


@schemathesis.hook
def before_call(_: Any, case: schemathesis.Case[Any], __: Any) -> None:
    """Any lawful municipality becomes the one that the token is for; an unlawful one stays."""
    municipality = (case.path_parameters or {}).get("municipality")
    if isinstance(municipality, str) and CODE.fullmatch(municipality):
        case.path_parameters["municipality"] = TOWN


@schemathesis.check
def what_the_document_allows_is_not_called_invalid(_: Any, response: Any, case: schemathesis.Case[Any]) -> None:
    """A 422 of the kind `invalid` says that a member's shape is wrong: then the document should have told so."""
    if case.meta is None or not case.meta.generation.mode.is_positive or case.operation.path.endswith(IN_WORDS):
        return
    if _has_whole_float(case.body):  # 3.0 is an integer for JSON Schema, and for us a fraction
        return
    is_invalid = response.status_code == 422 and response.json()["type"] == "/problems/invalid"
    assert not is_invalid, f"the document allows what is called invalid: {response.text}"


def _has_whole_float(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_whole_float, value.values()))
    if isinstance(value, list):
        return any(map(_has_whole_float, value))
    return isinstance(value, float) and value.is_integer()
