"""The texts in English."""

from services.notify.wording.facts import ContactInTrouble, MatterGiven, NewsInMatter, OfficerFound, TimeToProcure
from services.notify.wording.one_line import in_sweden, one_line

CASE_TYPES = {
    "bygglov": "building permit",
    "anmalan_pbl": "notification under the Planning and Building Act",
    "planbesked": "planning notice",
    "livsmedel_reg": "registration of a food business",
    "serv_stad": "permanent licence to serve alcohol",
    "serv_tillf": "temporary licence to serve alcohol",
    "folkol": "low-alcohol beer",
    "miljo_c": "notification of environmentally hazardous activity",
    "brandfarlig": "permit for flammable goods",
    "markuppl": "public place, market stall or outdoor serving",
    "mark_lokal": "land, premises and establishment",
    "tillsyn": "inspection",
    "upphandling_fraga": "question on procurement",
    "tobak": "tobacco and similar products",
    "brandskydd": "fire safety",
    "starta_eget": "starting a business",
    "klagomal": "complaint or opinion",
    "faktura": "invoice",
    "parkering": "parking or exemption",
    "skylt": "sign",
    "va": "water and sewerage",
    "avfall": "waste",
    "ovrigt": "other question",
}
ALARMS = {
    "promise-at-risk": ("A promised answer is about to be late", "Nobody has it yet, and whoever asked is waiting."),
    "promise-broken": ("A promised answer is late", "The time is up and nobody has it."),
    "bounced": ("A contact is sent about", "It has been passed on more than once."),
}
SIGNED = "Kind regards\nKommunkontakt"
NOT_VERIFIED = "Note: not verified. Check the rule before you decide anything by it."


def officer_found(facts: OfficerFound) -> tuple[str, str]:
    """Subject and body to the party: the officer takes over from here."""
    officer, kind = one_line(facts.officer), _kind(facts.case_type)
    body = (
        f"{_hello(facts.name)}\n\n"
        f"Thank you for contacting the municipality. {officer} is the officer for your matter ({kind}).\n\n"
        f"You need not find your own way: {officer} has the matter and is your contact in it.\n\n"
        f"Matter: {facts.matter_id}\n\n"
        f"Do you want to add something? Reply to this e-mail.\n\n{SIGNED}\n"
    )
    return f"{one_line(facts.officer, 80)} is the officer for your matter", body


def matter_given(facts: MatterGiven) -> tuple[str, str]:
    """Subject and body to the officer: a matter, and why it came to you."""
    kind = _kind(facts.case_type)
    body = (
        f"{_hello(facts.name)}\n\nYou have a new matter.\n\n"
        f"Matter: {facts.matter_id}\nCase type: {kind}\nWhy you: {one_line(facts.reason_en, 1000)}\n\n{SIGNED}\n"
    )
    return f"New matter: {kind}", body


def news_in_matter(facts: NewsInMatter) -> tuple[str, str]:
    """Subject and body to the officer: a contact more about what you have."""
    kind = _kind(facts.case_type)
    body = (
        f"{_hello(facts.name)}\n\n"
        f"The company has contacted the municipality again about a matter that you have. "
        f"Read what it wrote or said.\n\n"
        f"Matter: {facts.matter_id}\nCase type: {kind}\nContact: {facts.contact_id}\n\n{SIGNED}\n"
    )
    return f"News in your matter: {kind}", body


def time_to_procure(facts: TimeToProcure) -> tuple[str, str]:
    """Subject and body to the contract's owner: the day has come."""
    caution = "" if facts.rule_verified else f"{NOT_VERIFIED}\n"
    body = (
        f"{_hello(facts.name)}\n\nIt is time to start procuring.\n\n"
        f"Contract: {one_line(facts.title, 500)} ({facts.contract_id})\n"
        f"Ends: {facts.ends_on.isoformat()}\n"
        f"Procuring must start no later than: {facts.start_procuring_on.isoformat()}\n"
        f"Rule: {one_line(facts.rule, 1000)}\n"
        f"Source: {one_line(facts.rule_source, 1000)}\n{caution}\n{SIGNED}\n"
    )
    return f"Time to procure: {one_line(facts.title, 100)}", body


def contact_in_trouble(facts: ContactInTrouble) -> tuple[str, str]:
    """Subject and body to the coordinator: which contact, why, and where to look."""
    what, why = ALARMS[facts.kind]
    number = facts.number or facts.contact_id
    body = (
        f"{_hello(facts.name)}\n\n{what}: {number}. {why}\n\n"
        f"Answer by: {in_sweden(facts.answer_by) if facts.answer_by else 'nothing promised'}\n"
        f"About: {', '.join(map(_kind, facts.case_types))}\n"
        f"Times it has changed hands: {facts.bounces}\n"
        f"See the contact: {facts.path}\n\n{SIGNED}\n"
    )
    return f"{what}: {number}", body


def _hello(name: str | None) -> str:
    return f"Hello {one_line(name)}!" if name and one_line(name) else "Hello!"


def _kind(case_type: str) -> str:
    return CASE_TYPES.get(case_type, case_type)
