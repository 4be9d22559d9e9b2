"""Fills an empty installation with the town and two weeks of its life, through the house's own services.

The town's clock starts two weeks ago and ends now, so that every page, and the ledger, has something to show.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from citizen_account.accounts import AccountId
from citizen_account.addresses import EmailAddress
from citizen_account.cli.prepare import DEMO_PASSWORD, TownClock
from citizen_account.house import House
from examples.town.papers import citizens, papers_of
from oidc.protocols import Choice, SignedIn, SubjectId
from oidc.request import AcceptedRequest
from vault.document_types import PaperDates
from vault.errors import UnfitPaper
from vault.protocols import DocumentId, LendingId, OwnerId, Permission

FIRST_HOUR, LAST_HOUR = 8, 19
"""When services read and people approve, UTC."""
SERVICES = (
    ("school-enrolment", "school_enrolment", (("proof_of_address",), ("identity_card",), ("birth_certificate",))),
    ("school-meals", "canteen", (("income_tax_notice",),)),
    ("resident-parking", "resident_parking", (("proof_of_address", "income_tax_notice"),)),
)
OTHERS = (
    ("school-meals", "School meals", "Restauration scolaire", "canteen"),
    ("resident-parking", "Resident parking", "Stationnement résidentiel", "resident_parking"),
)


def fill(house: House, clock: TownClock, say: Callable[[str], None]) -> None:
    """Make the town. house: empty, and built with this clock."""
    dice = random.Random("life")  # noqa: S311 -- invented data
    purposes = {code: house.purposes.get(code) for _, code, _ in SERVICES}
    for client_id, name, name_fr, purpose in OTHERS:
        found = purposes[purpose]
        types = sorted({code for paper in found.papers for code in paper.any_of}) if found else []
        house.clients.add(
            {
                "client_id": client_id,
                "client_name": name,
                "client_name#fr": name_fr,
                "redirect_uris": [f"https://{client_id}.example/callback"],
                "scope": "openid profile",
                "contacts": [f"{client_id}@city.example"],
                "contract": {
                    "purposes": {purpose: {"document_types": types, "max_duration": "P1Y", "max_reads": 5}},
                    "retention": "P1Y",
                    "contact": f"{client_id}@city.example",
                },
            },
            actor="demo",
        )
    hashed = house.credentials.hash_new(DEMO_PASSWORD)
    people: list[tuple[AccountId, OwnerId, dict[str, DocumentId]]] = []
    for number, who in enumerate(citizens()):
        say(f"citizen {number + 1} of 20: {who.given_name} {who.family_name}")
        account = house.accounts.create(
            language="fr",
            email=EmailAddress.parse(who.email),
            attributes={
                name: getattr(who, name)
                for name in ("given_name", "family_name", "birthdate", "street_address", "postal_code", "locality")
            },
        )
        with house.database.transaction() as tx:
            house.credentials.put(tx, account, hashed)
        owner = house.accounts.owner_of(account)
        house.documents.record_agreement(owner, agreed=True)
        kept: dict[str, DocumentId] = {}
        for paper in papers_of(number, clock.end.date()):
            kept[paper.document_type] = house.intake.receive(
                owner=owner,
                document_type=paper.document_type,
                label=paper.label,
                untrusted_filename=paper.file_name,
                untrusted_media_type=paper.media_type,
                chunks=iter([paper.content]),
                dates=PaperDates(issued_on=paper.issued_on, expires_on=paper.expires_on),
            )
        people.append((account, owner, kept))
        clock.advance(timedelta(hours=6))
    _live(house, clock, people, dice)
    house.restoring.run_once()


def _live(
    house: House,
    clock: TownClock,
    people: list[tuple[AccountId, OwnerId, dict[str, DocumentId]]],
    dice: random.Random,
) -> None:
    """Approvals and reads over the rest of the two weeks; one person takes something back."""
    steps = [(person, service) for person in people for service in SERVICES if dice.random() < 0.6]  # noqa: PLR2004 -- most
    dice.shuffle(steps)
    awake = (LAST_HOUR - FIRST_HOUR) / 24
    pause = (clock.end - clock.now()) * awake / (len(steps) + 1)
    for (account, owner, kept), (client, purpose, wanted) in steps:
        clock.advance(pause)
        _wait_for_the_day(clock)
        chosen = [next((kept[code] for code in codes if code in kept), None) for codes in wanted]
        if not any(chosen):
            continue
        _release(house, account, client, purpose, wanted, chosen)
        lendings = [view for view in house.lending.of_owner(owner) if view.client_id == client]
        for view in lendings:
            for _ in range(dice.choice((1, 1, 2))):
                _read(house, client, view.lending, dice)
    account, _, _ = people[0]
    standing = house.consent.grants_of(SubjectId(account))
    if len(standing) > 1:
        house.consent.take_back(SubjectId(account), standing[-1].id)


def _wait_for_the_day(clock: TownClock) -> None:
    """People do this between breakfast and supper."""
    hour = clock.now().hour
    if not FIRST_HOUR <= hour < LAST_HOUR:
        clock.advance(timedelta(hours=(FIRST_HOUR - hour) % 24))


def _release(
    house: House,
    account: AccountId,
    client: str,
    purpose: str,
    wanted: tuple[tuple[str, ...], ...],
    chosen: list[DocumentId | None],
) -> None:
    request = AcceptedRequest(
        client_id=client,
        redirect_uri="https://town.example/callback",
        scope=("openid", "profile"),
        authorization_details=tuple(
            {
                "type": "document",
                "document_types": list(codes),
                "actions": ["read"],
                "purpose": purpose,
                "duration": "P90D",
                "locations": [house.settings.vault_url],
            }
            for codes in wanted
        ),
    )
    handle = house.interactions.begin(request, "town", None)
    there = SignedIn(
        subject=SubjectId(account),
        sign_in="town",
        auth_time=house.clock.now(),
        amr=("pwd",),
        acr="eidas1",
    )
    choices = [Choice(detail=at, documents=(document,)) for at, document in enumerate(chosen) if document]
    while choices:
        try:
            house.consent.approve(handle, "town", there, choices)
        except UnfitPaper as unfit:  # the page would not have let them send it
            choices = [choice for choice in choices if unfit.document not in choice.documents]
        else:
            return


def _read(house: House, client: str, lending: LendingId, dice: random.Random) -> None:
    token = f"town-{dice.getrandbits(64):x}"
    permission = Permission(client_id=client, token_id=token, lendings=frozenset({lending}))
    answer = house.lending.read(permission, lending, agent=f"desk-{dice.randint(1, 9)}")
    if answer.content is not None:
        for _ in answer.content:
            pass
        answer.content.close()
