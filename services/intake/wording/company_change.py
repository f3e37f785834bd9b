"""What people are asked when a register tells that a company has changed. It becomes the wish of a contact."""

from datetime import date

from services.intake.model.company_change import ChangeKind

NEW_ONE = (
    "Behövs en ny registrering av livsmedelsanläggningen, eller ett nytt serveringstillstånd?\n\n"
    "Livsmedel: ny ägare, nytt organisationsnummer eller ny lokal kräver en ny registrering. Det står så på många "
    "kommuners webbsidor (säkerhet B: läst på en myndighets egen sida, inte i lagtext).\n"
    "Serveringstillstånd: vad som gäller är inte kontrollerat (säkerhet U). Fråga alkoholhandläggaren."
)
TO_BE_ENDED = (
    "Ska registreringen av en livsmedelsanläggning, eller ett serveringstillstånd, avslutas? "
    "Vad lagen kräver är inte kontrollerat (säkerhet U). Fråga handläggaren."
)
HAPPENED = {
    "owner": "har fått ny ägare",
    "number": "har fått ett nytt organisationsnummer",
    "premises": "har fått ny lokal eller adress",
    "ceased": "har upphört",
}


def question(kind: ChangeKind, company: str | None, on: date, told_by: str) -> str | None:
    """The question that a change raises; None when it raises none. No number is in it: a sole trader's is theirs."""
    if kind not in HAPPENED:
        return None
    what = TO_BE_ENDED if kind == "ceased" else NEW_ONE
    return f"{company or 'Företaget'} {HAPPENED[kind]} den {on.isoformat()}, säger {told_by}. {what}"
