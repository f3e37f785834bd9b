"""routing with a fault switched on: it fails on contacts of one case type, as a bad release would."""

from typing import Any

from services.routing import app
from services.routing.handlers import bus
from shared.contracts.intake_contacts import ContactRegistered
from shared.contracts.streams import INTAKE_CONTACTS
from shared.platform.handlers import Handler, Wants
from tests.end_to_end.expectations import SWITCH


def switch_on() -> None:
    """Put the fault in front of the handler."""
    sound = bus.heard[INTAKE_CONTACTS.topic][ContactRegistered.type]

    async def faulty(event: ContactRegistered, *arguments: Any) -> None:
        if SWITCH in event.case_types:
            raise ZeroDivisionError("the fault that was switched on")
        await sound.wants.function(event, *arguments)

    wants = Wants(faulty, sound.wants.kinds)
    bus.heard[INTAKE_CONTACTS.topic][ContactRegistered.type] = Handler(sound.kind, wants, sound.about)


if __name__ == "__main__":
    switch_on()
    app.main()
