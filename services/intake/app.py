"""intake put together: the only file that knows all of it. `python -m services.intake.app` runs it."""

import os
from collections.abc import Mapping
from functools import partial
from uuid import uuid4

from fastapi import FastAPI

from services.intake import pages
from services.intake.api import routers
from services.intake.attachments import Keeping
from services.intake.handlers import bus
from services.intake.mail.arrival import MailIds
from services.intake.mail.postbox import Postbox
from services.intake.mail.server import Listening, MailListener
from services.intake.pages.site import Site
from services.intake.retention.job import NAME as RETENTION
from services.intake.retention.job import RetentionJob
from services.intake.retention.looking import ArchiveIs
from services.intake.rules.arrival_day import WorkingDays
from services.intake.rules.forms import FormIds
from services.intake.rules.ids import NewId, PartyIds
from services.intake.rules.in_force import Cards, CaseTypes
from services.intake.rules.linking import LinkingRules
from services.intake.rules.promises import Promises
from services.intake.rules.record import Appeals
from services.intake.rules.registration import Exemptions
from services.intake.rules.retention import RetentionPlan
from services.intake.rules.secrecy import SecrecyRules
from services.intake.rules.suggestion import Suggesters
from services.intake.settings import Settings
from services.intake.store.company_changes import CompanyChanges, KeptCompanyChanges
from services.intake.store.contacts import Contacts, KeptContacts
from services.intake.store.datafiles import (
    read_appeals,
    read_cards,
    read_case_types,
    read_exemptions,
    read_linking_rules,
    read_promises,
    read_retention,
    read_secrecy_rules,
    read_suggesters,
)
from services.intake.store.disclosures import Disclosures, KeptDisclosures
from services.intake.store.follow_ups import FollowUps, KeptFollowUps
from services.intake.store.mails import KeptMails, Mails
from services.intake.store.notes import KeptNotes, Notes
from services.intake.store.officers import KeptOfficers, Officers
from services.intake.store.parties import KeptParties, Parties
from services.intake.store.reads import KeptReads, Reads
from services.intake.store.retention import Announcements, KeptAnnouncements, KeptRetentionRuns, RetentionRuns
from services.intake.store.series import AllSeries, KeptSeries
from services.intake.store.suggestion_weeks import KeptSuggestionWeeks, SuggestionWeeks
from services.intake.store.tallies import KeptTallies, Tallies
from services.intake.store.threads import KeptThreads, Threads
from services.intake.store.timeline import KeptTimeline, Timeline
from services.intake.store.uploads import KeptUploads, Uploads
from shared.platform.clamd import Clamd
from shared.platform.clock import Clock
from shared.platform.database import Database
from shared.platform.desk import Desk
from shared.platform.free_days import swedish_free_days
from shared.platform.hearing import Hearing
from shared.platform.leases import Lease
from shared.platform.secrets import keyed_hash, party_id
from shared.platform.service import Parts, assemble, serve
from shared.platform.signed import Signer, grant_signer
from shared.platform.unit import Shelf
from shared.platform.vault import Prints
from shared.platform.work import Worker


def swedish_working_days() -> WorkingDays:
    """Monday to Friday, but for holidays and the eves that nobody works."""
    named = swedish_free_days()
    return WorkingDays(lambda day: named(day) is not None)


SHELF: Shelf = {
    Contacts: KeptContacts,
    Parties: KeptParties,
    Timeline: KeptTimeline,
    AllSeries: KeptSeries,
    CompanyChanges: KeptCompanyChanges,
    Notes: KeptNotes,
    Uploads: KeptUploads,
    Threads: KeptThreads,
    SuggestionWeeks: KeptSuggestionWeeks,
    FollowUps: KeptFollowUps,
    Disclosures: KeptDisclosures,
    Reads: KeptReads,
    Officers: KeptOfficers,
    Tallies: KeptTallies,
    Mails: KeptMails,
    Announcements: KeptAnnouncements,
    RetentionRuns: KeptRetentionRuns,
}
"""Which store keeps what a door or a handler asks for."""


def parts(settings: Settings) -> Parts:
    """What intake brings to the platform."""
    keyed = partial(party_id, settings.platform.party_secret)
    case_types = read_case_types(settings.data_dir)
    return Parts(
        bus=bus,
        shelf=SHELF,
        provided={
            PartyIds: PartyIds(keyed, Prints(settings.platform.party_secret).of),
            NewId: NewId(lambda: uuid4().hex),
            WorkingDays: swedish_working_days(),
            CaseTypes: case_types,
            Promises: read_promises(settings.data_dir),
            Cards: read_cards(case_types, settings.data_dir),
            Keeping: _keeping(settings),
            LinkingRules: read_linking_rules(settings.data_dir),
            Suggesters: read_suggesters(case_types, settings.data_dir),
            FormIds: FormIds(partial(keyed_hash, settings.platform.party_secret), os.urandom),
            Site: Site.of(settings),
            Exemptions: read_exemptions(settings.data_dir),
            SecrecyRules: read_secrecy_rules(settings.data_dir),
            Appeals: read_appeals(settings.data_dir),
            Signer: grant_signer(settings.platform),
            RetentionPlan: read_retention(settings.data_dir),
            ArchiveIs: ArchiveIs(settings.archive_dir is not None),
        },
        doors=[*routers, *pages.routers],
        workers=partial(_workers, settings),
    )


def _workers(settings: Settings, hearing: Hearing, instance: str) -> Mapping[str, Worker]:
    mail = {} if settings.mail_port is None else {"mail": mail_listener(settings, hearing, settings.mail_port)}
    return {**mail, RETENTION: retention_job(settings, hearing, instance)}


def retention_job(settings: Settings, hearing: Hearing, holder: str) -> RetentionJob:
    """What carries out the retention plan, as one holder of its lease."""
    lease = Lease(hearing.database, RETENTION, holder, hearing.wall, hearing.metrics)
    desk = Desk(hearing)
    return RetentionJob(desk, desk.given(RetentionPlan), settings.archive_dir, hearing.clock, lease)


def mail_listener(settings: Settings, hearing: Hearing, port: int) -> MailListener:
    """What listens for mail on a port."""
    ids = MailIds(Prints(settings.platform.party_secret).of)
    postbox = Postbox(Desk(hearing), settings.mail_to or {}, ids, hearing.metrics)
    listening = Listening(
        host=settings.mail_host or settings.platform.host,
        port=port,
        protocol=settings.mail_protocol,
        largest=settings.mail_bytes,
        connections=settings.mail_connections,
        timeout=settings.mail_timeout,
    )
    return MailListener(postbox, listening)


def _keeping(settings: Settings) -> Keeping:
    scanner = Clamd(settings.clamd_url) if settings.clamd_url else None
    return Keeping(settings.attachment_bytes, scanner, partial(os.urandom, 32))


def create_app(settings: Settings, database: Database, clock: Clock, wall: Clock) -> FastAPI:
    """intake on a database and a clock."""
    return assemble(parts(settings), settings, database, clock, wall)


def main() -> None:
    """Run intake."""
    serve(Settings.load, create_app, "intake")


if __name__ == "__main__":
    main()
