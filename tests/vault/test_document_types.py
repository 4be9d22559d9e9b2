"""The catalogues: whole, strict, and right about dates."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigurationError
from vault.document_types import NO_END, DocumentTypes, Freshness, PaperDates, Period, Purposes, Sensitivity
from vault.document_types.loading import PACKAGED
from vault.errors import UnknownDocumentType

TYPES = DocumentTypes.load(health_host="a certified host")
PURPOSES = Purposes.load(TYPES)
IN_FACTS = [
    "identity_card", "passport", "residence_permit", "single_use_identity", "birth_certificate", "family_record_book",
    "pregnancy_certificate", "custody_judgment", "attestation_on_honour", "proof_of_address", "rent_receipt",
    "home_insurance", "hosting_statement", "income_tax_notice", "family_quotient", "payslip", "employment_contract",
    "jobseeker_status", "minimum_benefits", "pension", "school_certificate", "grant_notice", "vaccination_status",
    "sport_questionnaire", "mobility_card", "insurance", "vehicle_registration", "air_quality_sticker",
    "bank_details", "nationality_certificate", "domiciliation", "guardianship_judgment", "death_certificate",
    "diploma",
]  # fmt: skip

PASSED, FAILED, UNSURE = Freshness.PASSED, Freshness.FAILED, Freshness.INCONCLUSIVE
TODAY = date(2026, 11, 24)


def test_every_type_of_the_field_is_there() -> None:
    assert sorted(found.code for found in TYPES.all()) == sorted(IN_FACTS)


def test_every_text_stands_in_both_languages_and_differs_from_no_other() -> None:
    for language in ("fr", "en"):
        names = [found.name.text(language) for found in TYPES.all()]
        assert len(set(names)) == len(names)
        assert all(found.description.text(language).endswith(".") for found in TYPES.all())
        assert all(purpose.reason.text(language) for purpose in PURPOSES.all())
    assert all(found.source.partition(":")[0] in {"L", "P", "T", "?"} for found in TYPES.all())


def test_health_papers_are_off_until_a_host_is_named() -> None:
    usual = DocumentTypes.load()
    assert {found.code for found in TYPES.all()} - {found.code for found in usual.all()} == {
        "pregnancy_certificate", "vaccination_status", "mobility_card",
    }  # fmt: skip
    assert all(found.sensitivity is not Sensitivity.HEALTH for found in usual.all())
    with pytest.raises(UnknownDocumentType):
        usual.get("pregnancy_certificate")
    assert usual.name("pregnancy_certificate", "en") == "Pregnancy certificate", "papers kept earlier keep their name"


def test_no_group_is_empty_and_none_is_forgotten() -> None:
    grouped = TYPES.by_group()
    assert sum(len(members) for members in grouped.values()) == len(TYPES.all())
    assert all(grouped.values())


def test_a_type_that_left_the_catalogue_still_has_a_word() -> None:
    assert TYPES.name("fax_cover", "fr") == "fax_cover"
    assert TYPES.description("fax_cover", "fr") == ""
    with pytest.raises(UnknownDocumentType):
        TYPES.get("fax_cover")


@pytest.mark.parametrize(
    ("code", "dates", "at", "outcome"),
    [
        ("birth_certificate", PaperDates(issued_on=date(1961, 1, 1)), TODAY, PASSED),
        ("proof_of_address", PaperDates(issued_on=date(2026, 8, 24)), TODAY, PASSED),
        ("proof_of_address", PaperDates(issued_on=date(2026, 8, 23)), TODAY, FAILED),
        ("proof_of_address", PaperDates(), TODAY, UNSURE),
        ("proof_of_address", PaperDates(issued_on=date(2025, 11, 30)), date(2026, 2, 28), PASSED),
        ("proof_of_address", PaperDates(issued_on=date(2025, 11, 30)), date(2026, 3, 1), FAILED),
        ("passport", PaperDates(expires_on=TODAY), TODAY, PASSED),
        ("passport", PaperDates(expires_on=date(2026, 11, 23)), TODAY, FAILED),
        ("passport", PaperDates(issued_on=TODAY), TODAY, UNSURE),
        ("identity_card", PaperDates(expires_on=date(2022, 1, 1)), TODAY, UNSURE),
        ("identity_card", PaperDates(expires_on=date(2021, 11, 23)), TODAY, FAILED),
        ("residence_permit", PaperDates(expires_on=date(2026, 6, 1)), TODAY, UNSURE),
        ("income_tax_notice", PaperDates(income_year=2025), date(2027, 9, 14), PASSED),
        ("income_tax_notice", PaperDates(income_year=2025), date(2027, 9, 15), FAILED),
        ("income_tax_notice", PaperDates(issued_on=date(2026, 8, 1)), TODAY, PASSED),
        ("income_tax_notice", PaperDates(issued_on=date(2025, 8, 1)), date(2026, 9, 15), FAILED),
        ("school_certificate", PaperDates(issued_on=date(2026, 9, 1)), TODAY, PASSED),
        ("school_certificate", PaperDates(issued_on=date(2026, 8, 31)), TODAY, FAILED),
        ("insurance", PaperDates(expires_on=date(2027, 8, 31)), TODAY, PASSED),
        ("vehicle_registration", PaperDates(issued_on=TODAY), TODAY, UNSURE),
        ("pension", PaperDates(expires_on=date(2026, 1, 1)), TODAY, FAILED),
    ],
)
def test_a_paper_is_good_as_long_as_its_rule_says(code: str, dates: PaperDates, at: date, outcome: Freshness) -> None:
    assert TYPES.get(code).check(dates, at) is outcome


def test_the_last_day_is_told() -> None:
    assert TYPES.get("proof_of_address").good_until(PaperDates(issued_on=date(2026, 11, 30))) == date(2027, 2, 28)
    assert TYPES.get("birth_certificate").good_until(PaperDates()) == NO_END
    assert TYPES.get("family_record_book").good_until(PaperDates()) is None
    assert TYPES.is_fresh("proof_of_address", date(2026, 11, 1), TODAY) is True
    assert TYPES.is_fresh("proof_of_address", None, TODAY) is None


def test_a_service_may_have_a_rule_of_its_own() -> None:
    old = PaperDates(expires_on=date(2023, 1, 1))
    assert PURPOSES.check("nursery", "passport", old, TODAY) is FAILED
    assert PURPOSES.check("electoral_registration", "passport", old, TODAY) is PASSED
    assert PURPOSES.good_until("electoral_registration", "passport", old) == date(2028, 1, 1)


def test_the_purposes_of_the_issue_are_there() -> None:
    assert [purpose.code for purpose in PURPOSES.all()] == [
        "school_enrolment", "canteen", "resident_parking", "nursery", "electoral_registration",
    ]  # fmt: skip
    school = PURPOSES.get("school_enrolment")
    assert school is not None
    assert school.reason.text("en") == "to enrol your child"
    assert "D131-3-1" in school.legal_basis.reference
    assert "income_tax_notice" not in school.document_types, "D131-3-1 allows nothing else"
    assert "attestation_on_honour" in school.document_types, "accepted by right"
    assert school.closed_by
    assert school.until(date(2026, 9, 1)) == date(2027, 9, 1)
    assert PURPOSES.get("golf") is None
    assert PURPOSES.name("golf", "fr") == "golf"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(('name.en = "Passport"', ""), "passport.name.en", id="a language is missing"),
        pytest.param(('name.en = "Passport"', 'name.en = ""'), "passport.name.en", id="an empty name"),
        pytest.param(
            ('name.en = "Passport"', 'name.en = "Passport"\nname.de = "Pass"'), "passport.name.de", id="third"
        ),
        pytest.param(('group = "identity"', 'group = "papers"'), "passport.group", id="no such group"),
        pytest.param(('group = "identity"', 'group = "identity"\nwidth = 3'), "passport.width", id="an unknown field"),
        pytest.param(("sides = 1", 'sides = "1"'), "passport.sides", id="a number as text"),
        pytest.param(("sides = 1", "sides = 3"), "passport.sides", id="three sides"),
        pytest.param(('"not_expired"', '"forever"'), "passport.validity", id="no such rule"),
        pytest.param(('"not_expired"', '"younger_than"'), "passport.validity", id="a rule without its age"),
        pytest.param(('"not_expired"', '"not_expired", grace = "5 years"'), "5 years", id="no period"),
        pytest.param(("[passport]", '["Pass Port"]'), "Pass Port.code", id="no code"),
        pytest.param(("[passport]", "passport = 1\n[other_paper]"), "passport must be a table", id="no table"),
        pytest.param(("[passport]", "[passport"), "not TOML", id="no TOML"),
    ],
)
def test_a_wrong_catalogue_stops_the_start_with_one_sentence(
    change: tuple[str, str], said: str, tmp_path: Path
) -> None:
    text = (PACKAGED / "document_types.toml").read_text("utf-8")
    start = text.index("[passport]")
    table = text[start : text.index("[residence_permit]")]
    assert change[0] in table
    path = tmp_path / "types.toml"
    path.write_text(table.replace(*change, 1), "utf-8")
    with pytest.raises(ConfigurationError, match=r"types\.toml") as refused:
        DocumentTypes.load([path])
    assert said in str(refused.value)
    assert str(refused.value).endswith(".")


def test_a_catalogue_that_is_missing_or_empty_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        DocumentTypes.load([tmp_path / "none.toml"])
    empty = tmp_path / "empty.toml"
    empty.touch()
    with pytest.raises(ConfigurationError, match="no type of document"):
        DocumentTypes.load([empty])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(('["vehicle_registration"]', '["golf_card"]'), "golf_card", id="an unknown type"),
        pytest.param(('["vehicle_registration"]', "[]"), "any_of", id="nothing asked"),
        pytest.param(('duration = "P30D"', 'duration = "soon"'), "duration", id="no duration"),
        pytest.param(("required = false", "required = 0"), "required", id="a number for a yes"),
        pytest.param(
            ("required = false", 'required = false\nvalidity.passport = { rule = "always" }'),
            "passport",
            id="not asked",
        ),
    ],
)
def test_a_wrong_purpose_stops_the_start(change: tuple[str, str], said: str, tmp_path: Path) -> None:
    text = (PACKAGED / "purposes.toml").read_text("utf-8")
    table = text[text.index("[resident_parking]") : text.index("[nursery]")]
    assert change[0] in table
    path = tmp_path / "purposes.toml"
    path.write_text(table.replace(*change, 1), "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        Purposes.load(TYPES, [path])
    assert said in str(refused.value)


def test_a_city_replaces_one_table_and_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "city.toml"
    text = (PACKAGED / "document_types.toml").read_text("utf-8")
    path.write_text(
        text[text.index("[passport]") : text.index("[residence_permit]")].replace("Passport", "Travel pass")
    )
    types = DocumentTypes.load([PACKAGED / "document_types.toml", path])
    assert types.name("passport", "en") == "Travel pass"
    assert types.name("diploma", "en") == "Diploma"


@given(years=st.integers(0, 99), months=st.integers(0, 99), days=st.integers(1, 999))
def test_a_period_reads_what_it_writes(years: int, months: int, days: int) -> None:
    period = Period(years=years, months=months, days=days)
    assert Period.parse(str(period)) == period


@pytest.mark.parametrize("text", ["", "P", "3M", "P3", "P3W", "P1M1Y", "PT5M", "P-1D", "P1.5Y", "p3m", "P3M "])
def test_a_wrong_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no period"):
        Period.parse(text)


@given(day=st.dates(), months=st.integers(0, 60))
def test_a_period_never_goes_back(day: date, months: int) -> None:
    assert Period(months=months).after(day) >= day
