"""`make demo-intake`: every door of intake, each knocked at twice, against what `make run` started.

A call, a mail, a form and another system's event must become four contacts: one answered at once, three with an officer
who has a name. What is shown at the end was asked for at intake's own doors and is held against that; exit 1 when it is
not so, exit 2 when nothing is running.
"""

import os
import smtplib
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import httpx
from rich.console import Console

from stack.demo import Story, accepted, roster
from stack.demo_contacts import NotSo, Shown, insist, insist_same, is_settled, table
from stack.demo_form import WebForm
from stack.demo_words import short_type
from stack.environment import MAIL_ADDRESS
from stack.problem import Problem

FORM_TAKES = 4.0
"""Seconds that a person needs for the form at least: intake does not believe who is faster than three."""
E_SERVICES = "/e-services"

CALL = "Vad krävs för att servera öl och vin på vår jubileumsfest i Folkets hus den 14 juni?"
MAIL = (
    "Hej! Vi vill bygga ut vår lastkaj mot vägen och sätta upp en ny skylt. Behöver vi bygglov, och vem pratar vi med?"
)
FORM = "Jag tar över kiosken vid badplatsen och ska sälja glass och varm korv. Hur gör jag?"
EVENT = "Vi öppnar restaurang med uteservering på torget i sommar och vill servera vin."


@dataclass
class Doorstep:
    """Who stands at the doors: the story, the mark that their wishes carry, and the form that somebody fills in."""

    story: Story
    form: WebForm
    opened: float

    @property
    def mark(self) -> str:
        """What tells this story's contacts from all others."""
        return f"(demo {self.story.run})"

    def receptionist(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """Ask a door as the receptionist."""
        return self.story.doors.call("receptionist", method, "intake", path, body, key)

    def say(self, text: str) -> None:
        """Tell what somebody was answered."""
        self.story.console.print(f"  {text}", soft_wrap=True)


def main() -> None:
    """Play it; one sentence and exit 1 when it is not as it must be, exit 2 when nothing is running."""
    console = Console(highlight=False)
    try:
        play(console)
    except Problem as problem:
        console.print(f"demo-intake: {problem}", soft_wrap=True)
        sys.exit(1)
    except (httpx.HTTPError, ConnectionError, smtplib.SMTPException) as error:
        console.print(f"demo-intake: nothing answers as it should ({type(error).__name__}). Is `make run` ready?")
        sys.exit(2)


def play(console: Console) -> None:
    """The whole of it; Problem when it does not end as it must."""
    story = Story.begun(console)
    roster(story)
    form = WebForm.open(story.doors.address("intake", "form?language=sv"))
    at = Doorstep(story, form, time.monotonic())
    called = call(at)
    repeated = [called["contact_id"], *mail(at), *event(at), *fill_in(at)]
    answer(at, called)
    story.until("somebody to have each of them", lambda: all(is_settled(one) for one in contacts(at, called)))
    found = contacts(at, called)
    ids = {one["contact_id"] for one in found}
    story.until(
        "all of it to be heard", lambda: ids <= set(registrations(story)) and story.count("contact-answered") >= 1
    )
    console.print("\n", table(found, at.mark))
    insist(found, registrations(story), repeated)
    console.print(f"{len(found)} kontakter av 8 försök. Four contacts of eight attempts, each registered once.")
    story.ear.close()


def chapter(at: Doorstep, sv: str, en: str) -> None:
    """What happens next, in both languages."""
    at.story.chapter(f"{sv} [dim]{en}[/dim]")


def call(at: Doorstep) -> Shown:
    """The call is registered: two clicks, one contact."""
    chapter(at, "Telefonen ringer; receptionisten trycker två gånger.", "A call; the receptionist clicks twice.")
    body = {"channel": "phone", "wish": f"{CALL} {at.mark}", "person": {"name": "Kim Fest", "phone": "070-000 00 00"}}
    first, again = (at.receptionist("POST", "contacts", body, f"call-{at.story.run}") for _ in range(2))
    insist_same("The call", first["number"], again["number"])
    at.say(f"Båda gångerna / both times: {first['number']}")
    return dict(first)


def mail(at: Doorstep) -> Sequence[str]:
    """The same mail comes twice, as mail servers do when an answer was lost; the contact that each was told."""
    chapter(at, "Ett mejl kommer två gånger.", "A mail comes twice.")
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"] = "Sara Kaj <sara@company.example>", MAIL_ADDRESS
    letter["Subject"], letter["Message-ID"] = "Lastkajen och en skylt", f"<{at.story.run}@company.example>"
    letter.set_content(f"{MAIL}\n\n{at.mark}\n")
    told = [handed_to_us(letter) for _ in range(2)]
    insist_same("The mail", *told)
    at.say(f"Båda gångerna / both times: 250, {told[0]}")
    return told


def handed_to_us(letter: EmailMessage) -> str:
    """Hand a mail to intake's listener; the contact that its 250 names."""
    with smtplib.SMTP("127.0.0.1", int(os.environ.get("INTAKE_MAIL_PORT", "2424")), timeout=30) as server:
        server.ehlo()
        server.mail("sara@company.example")
        server.rcpt(MAIL_ADDRESS)
        code, reply = server.data(letter.as_bytes())
    if code != 250:
        raise NotSo(f"The mail was answered {code} {reply.decode(errors='replace')}.")
    return reply.decode().rpartition(" ")[2]


def event(at: Doorstep) -> Sequence[str]:
    """An e-service publishes the same event twice; once it is accepted, and once it is a repeat."""
    chapter(at, "En e-tjänst publicerar samma händelse två gånger.", "An e-service publishes the same event twice.")
    run, doors = at.story.run, at.story.doors
    data = {
        "reference": f"E-{run}",
        "channel": "web",
        "received_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    data |= {"wish": f"{EVENT} {at.mark}", "case_type": "serv_stad"}
    told = {"specversion": "1.0", "id": f"{run}-event", "source": E_SERVICES, "data": data}
    published = {**told, "type": "se.kommunkontakt.inbox.contact-received.v1", "partitionkey": f"E-{run}"}
    before = doors.counted("intake", "repeated")
    kept = [doors.publish(published)["events"][0]["inbound"] for _ in range(2)]
    insist_same("The event", *kept)
    at.story.until("the event", lambda: accepted(at.story, "intake", E_SERVICES, f"{run}-event"))
    at.story.until("its repeat", lambda: doors.counted("intake", "repeated") > before)
    at.say("Båda gångerna / both times: 202; hur det gick / how it fared: accepted")
    return ()


def fill_in(at: Doorstep) -> Sequence[str]:
    """The form that was opened before is sent, by an impatient finger, twice."""
    chapter(at, "Formuläret på webben skickas; ett otåligt finger trycker två gånger.", "The web form is sent twice.")
    at.story.until("the form to be filled in", lambda: time.monotonic() - at.opened > FORM_TAKES)
    typed = {
        "wish": f"{FORM} {at.mark}",
        "case_type": "livsmedel_reg",
        "name": "Bo Kiosk",
        "e_mail": "bo@company.example",
    }
    receipts = [at.form.send(typed).terms for _ in range(2)]
    numbers = [one["number"] for one in receipts]
    insist_same("The form", *numbers)
    at.say(f"Båda gångerna samma kvitto / the same receipt both times: {numbers[0]}, kod / code {receipts[0]['code']}")
    return ()


def answer(at: Doorstep, called: Shown) -> None:
    """The receptionist reads the card of what was suggested first, and answers by it."""
    chapter(
        at, "Receptionisten svarar direkt, med vägledningskortet.", "The receptionist answers at once, by the card."
    )
    if not called["suggestion"]["types"]:
        raise NotSo("Nothing was suggested for the call.")
    code = called["suggestion"]["types"][0]["case_type"]
    card = at.receptionist("GET", f"case-types/{code}/card")
    at.say(f"[bold]{card['title']}[/bold] ({card['name']}, {card['how_sure']})")
    for name in ("in_short", "takes", "costs", "decided_by"):
        at.say(f"· {card[name]}")
    told = {"case_type": code, "card_version": card["version"], "note": "Läste upp kortet och mejlade länken."}
    for _ in range(2):
        at.receptionist("POST", f"contacts/{called['contact_id']}/answer", told, f"answer-{at.story.run}")


def contacts(at: Doorstep, called: Shown) -> list[Shown]:
    """This story's contacts, the first first, as the receptionist's list shows them: the call is the oldest."""
    return [one for one in reversed(list(_since(at, called))) if at.mark in (one["wish"] or "")]


def _since(at: Doorstep, called: Shown) -> Iterator[Shown]:
    """All contacts from the newest to the call."""
    cursor = ""
    while True:
        listed = at.receptionist("GET", f"contacts?limit=100{cursor}")
        for one in listed["items"]:
            yield one
            if one["contact_id"] == called["contact_id"]:
                return
        if listed["next"] is None:
            raise NotSo("The call is not among the contacts.")
        cursor = f"&cursor={listed['next']}"


def registrations(story: Story) -> list[str]:
    """The contacts that were said to be registered, each as often as it was said."""
    heard = (one for one in story.said if short_type(one.type) == "contact-registered")
    return [one.data["contact_id"] for one in heard]


if __name__ == "__main__":
    main()
