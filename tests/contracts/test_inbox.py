"""What the contract of an inbox event asks for, and what it leaves free."""

import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contracts.inbox import ContactReceived, ContractSigned, OfficerChanged

CONTACT: dict[str, Any] = {
    "reference": "r",
    "received_at": "2026-05-12T09:14:05+02:00",
    "channel": "phone",
    "wish": "x",
}
CONTRACT: dict[str, Any] = {"reference": "r", "title": "t", "owner_id": "o", "ends_on": "2027-12-31"}
OFFICER: dict[str, Any] = {"reference": "r", "officer_id": "o", "name": "n", "e_mail": "e", "case_types": []}


def wrong_at(event: type[ContactReceived | ContractSigned | OfficerChanged], body: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        event.model_validate_json(json.dumps(body))
    return ["/" + "/".join(map(str, error["loc"])) for error in caught.value.errors(include_input=False)]


@pytest.mark.parametrize(
    ("event", "body", "required"),
    [
        (ContactReceived, CONTACT, {"reference", "received_at", "channel", "wish"}),
        (ContractSigned, CONTRACT, {"reference", "title", "owner_id", "ends_on"}),
        (OfficerChanged, OFFICER, {"reference", "officer_id", "name", "e_mail", "case_types"}),
    ],
)
def test_only_these_are_required(event: type[ContactReceived], body: dict[str, Any], required: set[str]) -> None:
    event.model_validate_json(json.dumps(body))
    assert {name for name, field in event.model_fields.items() if field.is_required()} == required
    assert set(wrong_at(event, {})) == {f"/{name}" for name in required}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"wish": ""}, "/wish"),
        ({"wish": "x" * 20_001}, "/wish"),
        ({"wish": None}, "/wish"),
        ({"channel": "fax"}, "/channel"),
        ({"received_at": "2026-05-12T09:14:05"}, "/received_at"),
        ({"received_at": 1_750_000_000}, "/received_at"),
        ({"received_at": "1750000000"}, "/received_at"),
        ({"received_at": "2026-02-30T09:14:05Z"}, "/received_at"),
        ({"received_at": "0001-01-01T00:00:00+02:00"}, "/received_at"),
        ({"case_type": "a case type"}, "/case_type"),
        ({"language": ""}, "/language"),
        ({"company": {"organisation_number": "1" * 33}}, "/company/organisation_number"),
        ({"company": {"organisation_number": 5500000004}}, "/company/organisation_number"),
        ({"company": []}, "/company"),
        ({"person": {"e_mail": "x" * 321}}, "/person/e_mail"),
        ({"place": {"latitude": 91}}, "/place/latitude"),
        ({"place": {"longitude": "NaN"}}, "/place/longitude"),
        ({"attachments": [{}] * 101}, "/attachments"),
        (
            {"attachments": [{"name": "n", "media_type": "pdf", "sha256": "0" * 64, "url": "u"}]},
            "/attachments/0/media_type",
        ),
        ({"reference": ""}, "/reference"),
    ],
)
def test_a_wrong_contact_is_told_where(change: dict[str, Any], where: str) -> None:
    assert wrong_at(ContactReceived, CONTACT | change)[0] == where


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"ends_on": "2027-13-01"}, "/ends_on"),
        ({"ends_on": "2027-12-31T00:00:00"}, "/ends_on"),
        ({"ends_on": 20_000}, "/ends_on"),
        ({"cpv": "9091"}, "/cpv"),
        ({"value": {"amount": 12.5, "currency": "SEK"}}, "/value/amount"),
        ({"value": {"amount": 12, "currency": "SEK"}}, "/value/amount"),
        ({"value": {"amount": "-1", "currency": "SEK"}}, "/value/amount"),
        ({"value": {"amount": "1e3", "currency": "SEK"}}, "/value/amount"),
        ({"value": {"amount": "NaN", "currency": "SEK"}}, "/value/amount"),
        ({"value": {"amount": "1_000", "currency": "SEK"}}, "/value/amount"),
        ({"ceiling": {"amount": "1", "currency": "kr"}}, "/ceiling/currency"),
        ({"notice_months": -1}, "/notice_months"),
        ({"notice_months": 1.5}, "/notice_months"),
        ({"notice_months": True}, "/notice_months"),
        ({"options": [{"until": "2028-01-01"}]}, "/options/0/notice_by"),
    ],
)
def test_a_wrong_contract_is_told_where(change: dict[str, Any], where: str) -> None:
    assert wrong_at(ContractSigned, CONTRACT | change)[0] == where


def test_a_number_that_no_database_holds_is_let_through_for_the_platform_to_answer() -> None:
    signed = ContractSigned.model_validate_json(json.dumps(CONTRACT | {"notice_months": 2**70}))
    assert signed.notice_months == 2**70


def test_an_amount_is_exact_and_written_as_text() -> None:
    signed = ContractSigned.model_validate(CONTRACT | {"value": {"amount": Decimal("1E+3"), "currency": "SEK"}})
    assert signed.value is not None
    assert json.loads(signed.value.model_dump_json()) == {"amount": "1000", "currency": "SEK"}


def test_an_empty_company_person_and_place_are_allowed() -> None:
    contact = ContactReceived.model_validate(CONTACT | {"company": {}, "person": {}, "place": {}})
    assert (contact.language, contact.case_type, contact.attachments) == ("sv", None, [])
