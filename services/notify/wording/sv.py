"""The texts in Swedish."""

from services.notify.wording.facts import ContactInTrouble, MatterGiven, NewsInMatter, OfficerFound, TimeToProcure
from services.notify.wording.one_line import in_sweden, one_line

CASE_TYPES = {
    "bygglov": "bygglov",
    "anmalan_pbl": "anmälan enligt plan- och bygglagen",
    "planbesked": "planbesked",
    "livsmedel_reg": "registrering av livsmedelsanläggning",
    "serv_stad": "stadigvarande serveringstillstånd",
    "serv_tillf": "tillfälligt serveringstillstånd",
    "folkol": "folköl",
    "miljo_c": "anmälan om miljöfarlig verksamhet",
    "brandfarlig": "tillstånd för brandfarlig vara",
    "markuppl": "offentlig plats, torgplats eller uteservering",
    "mark_lokal": "mark, lokaler och etablering",
    "tillsyn": "tillsyn",
    "upphandling_fraga": "fråga om upphandling",
    "tobak": "tobak och liknande produkter",
    "brandskydd": "brandskydd",
    "starta_eget": "starta eget",
    "klagomal": "klagomål eller synpunkt",
    "faktura": "faktura",
    "parkering": "parkering eller dispens",
    "skylt": "skylt",
    "va": "vatten och avlopp",
    "avfall": "avfall",
    "ovrigt": "övrig fråga",
}
ALARMS = {
    "promise-at-risk": ("Löftet om svar håller på att brytas", "Ingen har den ännu, och den som frågade väntar."),
    "promise-broken": ("Löftet om svar är brutet", "Tiden har gått ut och ingen har den."),
    "bounced": ("En kontakt skickas runt", "Den har lämnats vidare mer än en gång."),
}
SIGNED = "Vänliga hälsningar\nKommunkontakt"
NOT_VERIFIED = "OBS: ej verifierad uppgift. Kontrollera regeln innan du bestämmer något efter den."


def officer_found(facts: OfficerFound) -> tuple[str, str]:
    """Subject and body to the party: the officer takes over from here."""
    officer, kind = one_line(facts.officer), _kind(facts.case_type)
    body = (
        f"{_hello(facts.name)}\n\n"
        f"Tack för att du hörde av dig till kommunen. {officer} är handläggare för ditt ärende ({kind}).\n\n"
        f"Du behöver inte leta dig fram själv: {officer} har fått ärendet och är din kontakt i det.\n\n"
        f"Ärende: {facts.matter_id}\n\n"
        f"Vill du lägga till något? Svara på det här mejlet.\n\n{SIGNED}\n"
    )
    return f"{one_line(facts.officer, 80)} är handläggare för ditt ärende", body


def matter_given(facts: MatterGiven) -> tuple[str, str]:
    """Subject and body to the officer: a matter, and why it came to you."""
    kind = _kind(facts.case_type)
    body = (
        f"{_hello(facts.name)}\n\nDu har fått ett nytt ärende.\n\n"
        f"Ärende: {facts.matter_id}\nÄrendetyp: {kind}\nVarför du: {one_line(facts.reason_sv, 1000)}\n\n{SIGNED}\n"
    )
    return f"Nytt ärende: {kind}", body


def news_in_matter(facts: NewsInMatter) -> tuple[str, str]:
    """Subject and body to the officer: a contact more about what you have."""
    kind = _kind(facts.case_type)
    body = (
        f"{_hello(facts.name)}\n\n"
        f"Företaget har hört av sig till kommunen igen om ett ärende som du har. "
        f"Läs vad det skrev eller sa.\n\n"
        f"Ärende: {facts.matter_id}\nÄrendetyp: {kind}\nKontakt: {facts.contact_id}\n\n{SIGNED}\n"
    )
    return f"Nytt i ditt ärende: {kind}", body


def time_to_procure(facts: TimeToProcure) -> tuple[str, str]:
    """Subject and body to the contract's owner: the day has come."""
    caution = "" if facts.rule_verified else f"{NOT_VERIFIED}\n"
    body = (
        f"{_hello(facts.name)}\n\nDet är dags att börja upphandla.\n\n"
        f"Avtal: {one_line(facts.title, 500)} ({facts.contract_id})\n"
        f"Löper ut: {facts.ends_on.isoformat()}\n"
        f"Upphandlingen ska börja senast: {facts.start_procuring_on.isoformat()}\n"
        f"Regel: {one_line(facts.rule, 1000)}\n"
        f"Källa: {one_line(facts.rule_source, 1000)}\n{caution}\n{SIGNED}\n"
    )
    return f"Dags att upphandla: {one_line(facts.title, 100)}", body


def contact_in_trouble(facts: ContactInTrouble) -> tuple[str, str]:
    """Subject and body to the coordinator: which contact, why, and where to look."""
    what, why = ALARMS[facts.kind]
    number = facts.number or facts.contact_id
    body = (
        f"{_hello(facts.name)}\n\n{what}: {number}. {why}\n\n"
        f"Svar senast: {in_sweden(facts.answer_by) if facts.answer_by else 'inget lovat'}\n"
        f"Gäller: {', '.join(map(_kind, facts.case_types))}\n"
        f"Gånger den har bytt händer: {facts.bounces}\n"
        f"Se kontakten: {facts.path}\n\n{SIGNED}\n"
    )
    return f"{what}: {number}", body


def _hello(name: str | None) -> str:
    return f"Hej {one_line(name)}!" if name and one_line(name) else "Hej!"


def _kind(case_type: str) -> str:
    return CASE_TYPES.get(case_type, case_type)
