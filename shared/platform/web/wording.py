"""What the doors say to people, in Swedish and in English. No text repeats what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["sv", "en"]


@dataclass(frozen=True, slots=True)
class Wording:
    """One text in both languages; `{name}` places are filled from what the rule says, never from what was sent."""

    sv: str
    en: str

    def to(self, language: Language, places: Mapping[str, Any] | None = None) -> str:
        """The text in one language."""
        text = self.en if language == "en" else self.sv
        return text.format_map(places or {})

    def both(self, places: Mapping[str, Any] | None = None) -> tuple[str, str]:
        """The text in Swedish and in English."""
        return self.to("sv", places), self.to("en", places)


ABOUT = Wording(
    "En av Kommunkontakts tjänster: en väg in till kommunen för företag. Fel besvaras som problem (RFC 9457) på "
    "svenska, eller på engelska med Accept-Language: en. Listor läses styckvis med limit (högst 100) och cursor. "
    "Ett anrop med Idempotency-Key görs en gång. Den som får 429 eller 503 sänder om efter Retry-After sekunder. "
    "Hur säkert tjänsten svarar lovar den kommun som driver den.",
    "One of Kommunkontakt's services: one way in to the municipality for businesses. Errors are problems (RFC 9457) in "
    "Swedish, or in English with Accept-Language: en. Lists are read in pieces, by limit (at most 100) and cursor. "
    "A call with an Idempotency-Key is done once. Whoever is answered 429 or 503 sends again after Retry-After "
    "seconds. What availability is promised, the municipality says that runs it.",
)
"""What the OpenAPI document tells of every service, with its limits."""

TITLES: Mapping[int, Wording] = {
    400: Wording("Anropet går inte att läsa", "The request cannot be read"),
    401: Wording("Inloggning krävs", "Authentication is needed"),
    403: Wording("Behörighet saknas", "Not allowed"),
    404: Wording("Finns inte", "Not found"),
    405: Wording("Metoden används inte här", "The method is not used here"),
    409: Wording("Går inte som läget är", "Not possible as things stand"),
    413: Wording("För stort", "Too large"),
    415: Wording("Fel slags innehåll", "Wrong kind of content"),
    422: Wording("Uppgifterna följer inte reglerna", "What was sent breaks the rules"),
    429: Wording("För många på en gång", "Too many at once"),
    500: Wording("Ett fel hos oss", "An error of ours"),
    503: Wording("Tillfälligt stängt", "Closed for the moment"),
}

DETAILS: Mapping[int, Wording] = {
    400: Wording("Anropet går inte att läsa.", "The request cannot be read."),
    404: Wording("Det finns ingen sådan adress.", "There is no such address."),
    405: Wording(
        "Adressen finns, men inte med den metoden. Se huvudet Allow.",
        "The address exists, but not with that method. See the header Allow.",
    ),
    415: Wording("Innehållet ska vara application/json.", "The content must be application/json."),
    422: Wording("Se vad som är fel, och var, under errors.", "See what is wrong, and where, in errors."),
    500: Wording(
        "Något gick fel hos oss. Uppge numret i instance om du hör av dig.",
        "Something went wrong here. Give the number in instance if you contact us.",
    ),
    503: Wording("Något vi behöver svarar inte. Försök snart igen.", "Something we need is away. Try again soon."),
}

GENERAL = Wording("Värdet har fel form.", "The value has the wrong form.")
NO_TEXT = Wording("Ska vara text.", "Must be text.")
NO_WHOLE_NUMBER = Wording("Ska vara ett heltal.", "Must be a whole number.")
NO_NUMBER = Wording("Ska vara ett tal.", "Must be a number.")
NO_BOOLEAN = Wording("Ska vara true eller false.", "Must be true or false.")
NO_OBJECT = Wording("Ska vara ett objekt.", "Must be an object.")
NO_LIST = Wording("Ska vara en lista.", "Must be a list.")
NO_DATE = Wording("Ska vara ett datum, till exempel 2026-05-14.", "Must be a date, such as 2026-05-14.")
NO_MOMENT = Wording(
    "Ska vara en tidpunkt med tidszon, till exempel 2026-05-14T09:30:00+02:00.",
    "Must be a moment with its offset, such as 2026-05-14T09:30:00+02:00.",
)
ONE_OF = Wording("Ska vara något av: {expected}.", "Must be one of: {expected}.")
NO_DECIMAL = Wording("Ska vara ett decimaltal.", "Must be a decimal number.")

# by pydantic's error type, or by its first words when several begin alike; the longest match is used
ERRORS: Mapping[str, Wording] = {
    "missing": Wording("Saknas men måste anges.", "Is missing and must be given."),
    "extra_forbidden": Wording("Ska inte anges.", "Must not be given."),
    "string_type": NO_TEXT,
    "string_too_short": Wording("Ska ha minst {min_length} tecken.", "Must have at least {min_length} characters."),
    "string_too_long": Wording("Får ha högst {max_length} tecken.", "Must have at most {max_length} characters."),
    "string_pattern_mismatch": Wording("Ska följa mönstret {pattern}.", "Must match the pattern {pattern}."),
    "int_": NO_WHOLE_NUMBER,
    "float_": NO_NUMBER,
    "finite_number": NO_NUMBER,
    "bool_": NO_BOOLEAN,
    "decimal_": NO_DECIMAL,
    "decimal_max_places": Wording(
        "Får ha högst {decimal_places} decimaler.", "Must have at most {decimal_places} decimals."
    ),
    "decimal_max_digits": Wording("Får ha högst {max_digits} siffror.", "Must have at most {max_digits} digits."),
    "greater_than": Wording("Ska vara större än {gt}.", "Must be greater than {gt}."),
    "greater_than_equal": Wording("Ska vara minst {ge}.", "Must be at least {ge}."),
    "less_than": Wording("Ska vara mindre än {lt}.", "Must be less than {lt}."),
    "less_than_equal": Wording("Får vara högst {le}.", "Must be at most {le}."),
    "literal_error": ONE_OF,
    "enum": ONE_OF,
    "union_tag": ONE_OF,
    "date_": NO_DATE,
    "datetime_": NO_MOMENT,
    "timezone_": NO_MOMENT,
    "date_from_datetime": NO_DATE,
    "time_": Wording("Ska vara ett klockslag, till exempel 09:30.", "Must be a time of day, such as 09:30."),
    "list_type": NO_LIST,
    "tuple_type": NO_LIST,
    "set_type": NO_LIST,
    "too_short": Wording("Ska ha minst {min_length}.", "Must have at least {min_length}."),
    "too_long": Wording("Får ha högst {max_length}.", "Must have at most {max_length}."),
    "dict_type": NO_OBJECT,
    "model_": NO_OBJECT,
    "dataclass_": NO_OBJECT,
    "url_": Wording("Ska vara en webbadress.", "Must be a web address."),
    "json_invalid": Wording("Innehållet är inte giltig JSON.", "The content is not valid JSON."),
    "uuid_": Wording("Ska vara ett UUID.", "Must be a UUID."),
}

MALFORMED = Wording("Innehållet är inte giltig JSON i UTF-8.", "The content is not valid JSON in UTF-8.")
MALFORMED_AT = Wording("Rad {line}, tecken {column}.", "Line {line}, character {column}.")
TOO_LARGE = Wording("Innehållet får vara högst {limit} byte.", "The content must be at most {limit} bytes.")
TOO_MANY = Wording(
    "Fler än vad som är överenskommet. Försök igen om {seconds} s.",
    "More than was agreed on. Try again in {seconds} s.",
)
MORE_THAN_A_MINUTE = Wording(
    "Högst {limit} händelser i minuten är överenskommet: dela upp dem.",
    "At most {limit} events a minute are agreed on: divide them.",
)
UNKNOWN_PUBLISHER = Wording(
    "Tokenen är inte för en avsändare som får publicera här över HTTP.",
    "The token is not for a publisher that may publish here over HTTP.",
)
TOO_DEEP = Wording("Innehållet har för många nivåer.", "The content has too many levels.")
NUMBER_TOO_BIG = Wording("Talet ryms inte i 64 bitar.", "The number does not fit in 64 bits.")
NO_UNICODE = Wording("Texten innehåller ett halvt tecken (surrogat).", "The text holds half a character (a surrogate).")
NUL = Wording("Texten innehåller tecknet NUL.", "The text holds the character NUL.")
NO_FORM = Wording("Innehållet ska vara ett formulär.", "The content must be a form.")
BROKEN_FORM = Wording("Formuläret går inte att läsa.", "The form cannot be read.")
UNWRITABLE = Wording("Uppgifterna går inte att spara.", "What was sent cannot be kept.")
NOT_YET = Wording(
    "Något annat måste komma hit först. Försök snart igen.", "Something else must come here first. Try again soon."
)
TOKEN_MISSING = Wording("Skicka en bärartoken i Authorization.", "Send a bearer token in Authorization.")
TOKEN_WRONG = Wording("Tokenen gäller inte.", "The token is not valid.")
ROLE_WRONG = Wording("Detta kräver en annan roll.", "This needs another role.")
MUNICIPALITY_WRONG = Wording("Tokenen gäller inte för den kommunen.", "The token is not for that municipality.")
CURSOR_WRONG = Wording(
    "Markören är inte en som den här listan har gett. Börja om utan den.",
    "The cursor is not one that this list gave. Begin again without it.",
)


def validation(kind: str, places: Mapping[str, Any], language: Language) -> str:
    """The text of a pydantic error: its own, that of its family, or the general one."""
    named = [name for name in ERRORS if kind == name or (name.endswith("_") and kind.startswith(name))]
    wording = ERRORS[max(named, key=len)] if named else GENERAL
    try:
        return wording.to(language, places)
    except (KeyError, IndexError, ValueError):
        return GENERAL.to(language)


def language_of(accepted: str | None) -> Language:
    """The language that an Accept-Language header prefers of our two; Swedish when it does not say."""
    best: Language = "sv"
    most = 0.0
    for part in (accepted or "").split(",")[:20]:
        tag, _, parameters = part.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        weight = _weight(parameters)
        if primary in ("sv", "en") and weight > most:
            best, most = "en" if primary == "en" else "sv", weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
