"""What is said when data of a record is not given out, in Swedish and in English."""

from collections.abc import Sequence
from typing import NamedTuple

from services.intake.model.disclosure import Appeal, Masking
from services.intake.model.secrecy import Field


class Text(NamedTuple):
    """The same in both languages."""

    sv: str
    en: str


FIELDS = {
    Field.CHANNEL: Text("kontaktväg", "channel"),
    Field.CASE_TYPES: Text("ärendetyp", "case type"),
    Field.DEPARTMENT: Text("mottagare", "to whom it went"),
    Field.SENDER: Text("avsändare", "sender"),
    Field.SUMMARY: Text("vad det rör i korthet", "what it concerns in short"),
    Field.WISH: Text("vad som sades eller skrevs", "what was said or written"),
    Field.PLACE: Text("plats", "place"),
    Field.OPENING: Text("säsong eller öppningsdag", "season or opening day"),
    Field.NOTES: Text("tjänsteanteckningar", "notes"),
    Field.PROMISED: Text("utlovat svar", "promised answer"),
    Field.REFERENCE: Text("avsändarens beteckning", "the sender's reference"),
    Field.ATTACHMENTS: Text("bilagor", "attachments"),
    Field.PERSONAL_NUMBER: Text("personnummer", "personal numbers"),
    Field.PERSON: Text("namn på enskild", "names of private persons"),
    Field.PHONE: Text("telefonnummer", "phone numbers"),
    Field.E_MAIL: Text("e-postadress", "e-mail addresses"),
}
NOT_VERIFIED = Text(
    "Obs: uppgiften om överklagande är inte verifierad. Kontrollera den mot lagen innan texten lämnas ut.",
    "Note: how to appeal is not verified. Check it against the law before this text is given out.",
)


def refusal(number: str, maskings: Sequence[Masking], appeal: Appeal) -> Text:
    """Which data of a record is not given out, by which paragraphs, and how that can be appealed."""
    left_out = sorted({(one.what, one.paragraph) for one in maskings})
    sv = "\n".join(f"- {FIELDS[what].sv}: {paragraph}" for what, paragraph in left_out)
    en = "\n".join(f"- {FIELDS[what].en}: {paragraph}" for what, paragraph in left_out)
    sure = Text("", "") if appeal.sureness in ("A", "B") else Text(f"\n\n{NOT_VERIFIED.sv}", f"\n\n{NOT_VERIFIED.en}")
    return Text(
        f"Uppgifter i {number} som inte lämnas ut\n\n{sv}\n\n"
        "Uppgifterna omfattas av sekretess enligt offentlighets- och sekretesslagen (OSL). Du kan begära ett "
        "skriftligt beslut av kommunen.\n\nSå överklagar du: skriv till "
        f"{appeal.court_sv}, men lämna eller skicka skrivelsen till kommunen. Den ska ha kommit in inom {appeal.weeks} "
        "veckor från den dag då du fick del av beslutet. Skriv vilket beslut du överklagar, hur du vill att det ändras "
        f"och varför ({appeal.paragraph}).{sure.sv}",
        f"Data in {number} that is not given out\n\n{en}\n\n"
        "It is secret by the Public Access to Information and Secrecy Act (OSL). You can ask the municipality for a "
        "decision in writing.\n\nHow to appeal: write to "
        f"{appeal.court_en}, and hand or send it to the municipality. It must have come in within {appeal.weeks} weeks "
        "from the day on which you were told of the decision. Say which decision you appeal, how you want it changed, "
        f"and why ({appeal.paragraph}).{sure.en}",
    )
