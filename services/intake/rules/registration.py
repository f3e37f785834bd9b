"""What an arrival becomes: a contact with its number, and the parties it tells of."""

from datetime import UTC, datetime

from services.intake.model.contact import GENERAL, Arrival, Contact, ContactState
from services.intake.model.exemption import Exemption
from services.intake.model.party import Party
from services.intake.model.reception import HandOver
from services.intake.model.series import Series
from services.intake.rules.arrival_day import WorkingDays, arrived_on, day_of
from services.intake.rules.ids import COMPANY_NUMBER, contact_id_of, organisation_number
from services.intake.rules.in_force import Rows
from shared.contracts.refusal import Invalid

NO_EXEMPTION = (
    "Det finns inget sådant undantag från registrering.",
    "There is no such exemption from the register.",
)
NOT_TRIVIAL = (
    "En kontakt som gäller ett ärende eller fått ett löfte ska registreras.",
    "A contact about a matter, or with a promise, must be registered.",
)


class Exemptions(Rows[Exemption]):
    """The kinds of contact that need not stand in the register (undantag), by code."""


def series_id_of(municipality: str, at: datetime) -> str:
    """The series of a municipality and the year of a moment."""
    return series_of(municipality, day_of(at).year)


def series_of(municipality: str, year: int) -> str:
    """The series of a municipality and a year: `1460-k-2026`."""
    return f"{municipality}-k-{year}"


def next_in(before: Series | None, arrival: Arrival, at: datetime) -> Series:
    """The series with one more number given."""
    municipality = arrival.municipality
    series = before or Series(municipality, series_id_of(municipality, at), day_of(at).year)
    return series.one_more(exempt=arrival.trivial is not None)


def party_of(arrival: Arrival, party_id: str, before: Party | None) -> Party:
    """Who asks, as now known: what was said before, with what is said this time."""
    nobody = Party(arrival.municipality, party_id, "company" if arrival.names_company else "person")
    party = (before or nobody).told(arrival)
    digits = arrival.organisation_number and organisation_number(arrival.organisation_number, COMPANY_NUMBER).digits
    return party.named(digits, arrival.company_name)


def speaker_of(arrival: Arrival, speaker_id: str, company_id: str, before: Party | None) -> Party:
    """The person who spoke for a company, as now known."""
    nobody = Party(arrival.municipality, speaker_id, "person", company_id=company_id)
    return (before or nobody).told(arrival)


def state_of(arrival: Arrival) -> ContactState:
    """How far a contact has come as it is registered; with something trivial nothing is left to do."""
    if arrival.trivial is not None:
        return ContactState.ANSWERED
    return ContactState.AT_RECEPTION if arrival.at_reception else ContactState.HANDED_OVER


def refuse_unless_trivial(arrival: Arrival, exemptions: Exemptions, at: datetime) -> None:
    """Invalid for a kind of contact that no rule exempts from the register, or one about a matter."""
    if exemptions.in_force(arrival.municipality, arrival.trivial or "", day_of(at)) is None:
        raise Invalid("no-such-exemption", *NO_EXEMPTION, "/trivial")
    if arrival.case_types or arrival.promised:
        raise Invalid("not-trivial", *NOT_TRIVIAL, "/trivial")


def taken_down(
    arrival: Arrival, party_id: str | None, speaker_id: str | None, number: str, days: WorkingDays, at: datetime
) -> Contact:
    """The contact that an arrival becomes."""
    state = state_of(arrival)
    return Contact(
        municipality=arrival.municipality,
        contact_id=contact_id_of(arrival),
        party_id=party_id,
        speaker_id=speaker_id,
        number=number,
        channel=arrival.channel,
        case_types=arrival.case_types or (GENERAL,),
        language=arrival.language,
        interpreter=arrival.interpreter,
        wish=arrival.wish,
        place=arrival.place,
        season=arrival.season,
        opening_on=arrival.opening_on,
        promised=arrival.promised,
        survey_consent=arrival.survey_consent,
        received_at=arrival.received_at.astimezone(UTC),
        registered_at=at,
        registered_by=arrival.by,
        arrived_on=arrived_on(arrival, days),
        state=state,
        reference=arrival.reference,
        summary=arrival.summary,
        trivial=arrival.trivial,
        in_register=arrival.trivial is None,
        attachments=arrival.attachments or None,
        handed_over=_handed_over(arrival, at) if state is ContactState.HANDED_OVER else None,
        waits=state is not ContactState.ANSWERED,
        dealt_with_at=at if arrival.by_person and state is not ContactState.AT_RECEPTION else None,
        in_reply_to=arrival.in_reply_to,
        chosen_by=arrival.by if arrival.case_types else None,
        chosen_at=at if arrival.case_types else None,
    )


def _handed_over(arrival: Arrival, at: datetime) -> HandOver:
    return HandOver(arrival.promised.by if arrival.promised else None, at, arrival.by)
