"""All that the pages say to people, in Swedish and in English: `TEXTS[language]`, and how a moment is written."""

from collections.abc import Mapping
from datetime import datetime

from services.intake.pages.wording.en import ENGLISH
from services.intake.pages.wording.sv import SWEDISH
from services.intake.pages.wording.texts import Texts
from services.intake.rules.arrival_day import SWEDEN
from shared.platform.web.wording import Language

TEXTS: Mapping[Language, Texts] = {"sv": SWEDISH, "en": ENGLISH}


def moment(at: datetime, texts: Texts) -> str:
    """A moment in Swedish time: `24 november 2026 klockan 10.30`."""
    here = at.astimezone(SWEDEN)
    return texts.moment.format(day=here.day, month=texts.months[here.month - 1], year=here.year, at=here)
