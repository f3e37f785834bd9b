"""The kinds of member that events are made of: ids, codes, moments, days and money, each with its bounds."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from shared.contracts.event import Part

# pydantic alone would read a number, or a text of digits, as seconds since 1970.
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONEY = re.compile(r"[0-9]{1,20}(\.[0-9]{1,4})?")

Channel = Literal["phone", "visit", "web", "e-mail", "letter", "chat", "system"]
"""How a company reached the municipality."""

Municipality = Annotated[str, Field(pattern=r"^[0-9]{4}$", description="SCB code, four digits: 1460 is Bengtsfors")]
Id = Annotated[str, Field(max_length=200, pattern=r"^[^\s\p{C}]+$", description="visible characters, no spaces")]
Reference = Annotated[str, Field(max_length=200, pattern=r"^[^\p{Cc}\p{Cn}]+$", description="the publisher's own id")]
Code = Annotated[str, Field(pattern=r"^[0-9A-Za-zÅÄÖåäö][0-9A-Za-zÅÄÖåäö._:/-]{0,99}$")]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[0-9A-Za-z]{2,8}){0,3}$", description="BCP 47")]
Cpv = Annotated[str, Field(pattern=r"^[0-9]{8}(-[0-9])?$", description="Common Procurement Vocabulary")]
Name = Annotated[str, Field(min_length=1, max_length=300)]
Title = Annotated[str, Field(min_length=1, max_length=500)]
EMail = Annotated[str, Field(min_length=1, max_length=320)]
Phone = Annotated[str, Field(min_length=1, max_length=50)]
RegisterNumber = Annotated[
    str,
    Field(pattern=r"^[A-ZÅÄÖ]{1,10} [0-9]{4}/[0-9]{1,9}$", examples=["K 2026/000123"], description="in the register"),
]
OrganisationNumber = Annotated[str, Field(min_length=1, max_length=32)]
"""As somebody else wrote it: whether it is one its reader tells."""
Sentence = Annotated[str, Field(min_length=1, max_length=1_000)]
Whole = Annotated[int, Field(strict=True)]
Truth = Annotated[bool, Field(strict=True)]


class _Utc:
    """A moment at offset zero, checked by pydantic's own core because our streams are read by the thousand."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.datetime_schema(tz_constraint=0)


def _written_moment(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and _MOMENT.fullmatch(value)):
        return value
    raise PydanticCustomError("datetime_written", "must be a moment as RFC 3339 writes it, with its offset")


def _within_time(value: datetime) -> datetime:
    try:
        value.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a moment between the years 1 and 9999 in UTC") from None
    return value


def _written_day(value: object) -> object:
    if type(value) is date or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise PydanticCustomError("date_written", "must be a date as RFC 3339 writes it")


def _written_money(value: object) -> Decimal:
    text = f"{value:f}" if isinstance(value, Decimal) else value
    if not (isinstance(text, str) and _MONEY.fullmatch(text)):
        raise ValueError("must be a decimal number as text, such as 125000.00")
    return Decimal(text)


Utc = Annotated[datetime, _Utc(), Field(description="UTC")]
"""A moment in a stream of our own."""

Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_written_moment),
    AfterValidator(_within_time),
    Field(description="RFC 3339 with its offset"),
]
"""A moment that somebody else wrote down."""

Day = Annotated[date, BeforeValidator(_written_day)]

Money = Annotated[
    Decimal,
    BeforeValidator(_written_money),
    WithJsonSchema({"type": "string", "pattern": f"^{_MONEY.pattern}$", "examples": ["125000.00"]}),
]
"""An amount: a decimal number as text, so that no reader rounds it."""


class Amount(Part):
    """An amount of money with its currency (belopp)."""

    amount: Money
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")]


class Company(Part):
    """A company as somebody else named it (företag)."""

    organisation_number: OrganisationNumber | None = None
    name: Name | None = None
