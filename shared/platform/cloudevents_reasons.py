"""Why a record is no event we can read: one sentence each, in English and Swedish, with nothing from the record."""

from enum import Enum
from functools import cache


class Why(Enum):
    """The reasons that the codec gives, for the one who published the record."""

    MISSING = ("A required CloudEvents attribute is missing.", "Ett obligatoriskt CloudEvents-attribut saknas.")
    TWICE = ("A CloudEvents attribute is there twice.", "Ett CloudEvents-attribut förekommer två gånger.")
    NULL = ("A CloudEvents attribute is null.", "Ett CloudEvents-attribut är null.")
    NOT_UTF8 = ("A CloudEvents attribute is not text in UTF-8.", "Ett CloudEvents-attribut är inte text i UTF-8.")
    NOT_TEXT = (
        "A CloudEvents attribute has a value of a kind that it must not have.",
        "Ett CloudEvents-attribut har ett värde av ett slag som det inte får ha.",
    )
    EMPTY = ("A CloudEvents attribute is empty.", "Ett CloudEvents-attribut är tomt.")
    TOO_LONG = (
        "A CloudEvents attribute is longer than 2048 bytes.",
        "Ett CloudEvents-attribut är längre än 2048 byte.",
    )
    FORBIDDEN = (
        "A CloudEvents attribute holds characters that CloudEvents forbids, such as control characters.",
        "Ett CloudEvents-attribut innehåller tecken som CloudEvents förbjuder, till exempel styrtecken.",
    )
    NAME = (
        "The name of a CloudEvents attribute must be made of a-z and 0-9, and must not be data.",
        "Ett CloudEvents-attributs namn måste bestå av a-z och 0-9 och får inte vara data.",
    )
    VERSION = (
        "The CloudEvents attribute specversion must be 1.0.",
        "CloudEvents-attributet specversion måste vara 1.0.",
    )
    SOURCE = (
        "The CloudEvents attribute source must be a URI reference (RFC 3986).",
        "CloudEvents-attributet source måste vara en URI-referens (RFC 3986).",
    )
    SCHEMA = (
        "The CloudEvents attribute dataschema must be an absolute URI (RFC 3986).",
        "CloudEvents-attributet dataschema måste vara en absolut URI (RFC 3986).",
    )
    TIME = (
        "The CloudEvents attribute time must be a moment as RFC 3339 writes it.",
        "CloudEvents-attributet time måste vara en tidpunkt enligt RFC 3339.",
    )
    NUMBER = (
        "The attributes sequence and epoch must be decimal numbers from 1 to 2^53, without leading zeros.",
        "Attributen sequence och epoch måste vara decimala tal från 1 till 2^53, utan inledande nollor.",
    )
    MUNICIPALITY = (
        "The attribute municipality must be an SCB code of four digits.",
        "Attributet municipality måste vara en SCB-kod med fyra siffror.",
    )
    NOT_JSON_DATA = ("The data must be declared as JSON in UTF-8.", "Innehållet måste anges vara JSON i UTF-8.")
    BATCH = (
        "A batch of CloudEvents cannot be sent in one Kafka record.",
        "Flera CloudEvents kan inte skickas i en och samma Kafka-post.",
    )
    FORMAT = (
        "Of the CloudEvents formats only JSON in UTF-8 is understood.",
        "Av formaten för CloudEvents förstås bara JSON i UTF-8.",
    )
    NO_VALUE = ("A structured CloudEvent must have a value.", "Ett strukturerat CloudEvent måste ha ett värde.")
    NOT_JSON = ("The value is not JSON in UTF-8.", "Värdet är inte JSON i UTF-8.")
    NOT_OBJECT = (
        "A structured CloudEvent must be a JSON object.",
        "Ett strukturerat CloudEvent måste vara ett JSON-objekt.",
    )
    BASE64 = (
        "The data must be JSON in the member data, not base64 in data_base64.",
        "Innehållet måste vara JSON i medlemmen data, inte base64 i data_base64.",
    )
    CONTENT_TYPE = (
        "Over HTTP the datacontenttype is the header Content-Type, and must not stand in ce-datacontenttype.",
        "Över HTTP är datacontenttype huvudet Content-Type och får inte stå i ce-datacontenttype.",
    )
    NOT_LIST = ("A batch of CloudEvents must be a JSON array.", "Flera CloudEvents måste vara en JSON-lista.")
    TOO_MANY = ("A batch may hold at most 500 events.", "Högst 500 händelser får skickas på en gång.")

    @property
    def en(self) -> str:
        """The reason in English: what `NotAnEvent.reason` holds."""
        return self.value[0]

    @property
    def sv(self) -> str:
        """The reason in Swedish."""
        return self.value[1]


def in_swedish(reason: str) -> str:
    """The Swedish sentence for the English one of a `NotAnEvent` that the codec raised."""
    return _swedish().get(reason, "Posten kan inte läsas som en händelse.")


@cache
def _swedish() -> dict[str, str]:
    return {why.en: why.sv for why in Why}
