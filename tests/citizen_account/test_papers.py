"""My papers, at the door: adding with every refusal, looking, taking out, naming, replacing, deleting."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import Any

import pytest
from PIL import Image

from tests.citizen_account.town import Citizen, Town, jpeg, multipart, pdf

BIDI = "\u202e"


def test_a_paper_comes_back_byte_for_byte(alice: Citizen) -> None:
    content = pdf(pages=3)
    document = alice.paper(content)
    answer = alice.open(f"/papers/{document}/original")
    assert answer.data == content
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="bill.pdf"')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")


def test_a_photograph_of_many_megabytes_is_kept(alice: Citizen) -> None:
    made = io.BytesIO()
    Image.effect_noise((2400, 2400), 90).save(made, "PNG", compress_level=1)
    answer = alice.upload(made.getvalue(), "photo.png", "image/png")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert alice.open(answer.location.partition("?")[0] + "/original").data == made.getvalue()


def test_the_list_shows_what_was_added_and_who_sees_it(alice: Citizen) -> None:
    assert "Your papers will be here." in alice.get("/papers")
    alice.paper(label="My electricity bill")
    page = alice.get("/papers")
    assert "My electricity bill" in page
    assert "Nobody but you can see it" in page


def test_a_search_finds_every_word(alice: Citizen) -> None:
    alice.paper(label="Flat in Rue Haute")
    alice.paper(label="Garage")
    page = alice.get("/papers?q=rue+flat")
    assert "Flat in Rue Haute" in page
    assert "Garage" not in page
    assert "No paper with these words" in alice.get("/papers?q=boat")


@pytest.mark.parametrize(
    ("content", "name", "media_type", "status", "text"),
    [
        pytest.param(b"", "bill.pdf", "application/pdf", 400, "This file is empty", id="empty"),
        pytest.param(b"MZ" + b"\0" * 900, "bill.exe", "application/pdf", 415, "t be kept", id="unknown kind"),
        pytest.param(pdf(), "bill.png", "image/png", 415, "says that it is one kind", id="another kind"),
        pytest.param(pdf()[:400], "bill.pdf", "application/pdf", 422, "damaged or not whole", id="cut short"),
        pytest.param(pdf(), "../../etc/bill.pdf", "application/pdf", 400, "could mislead", id="path"),
        pytest.param(pdf(), f"bill{BIDI}fdp.pdf", "application/pdf", 400, "could mislead", id="right to left"),
        pytest.param(pdf(), "bill\x07.pdf", "application/pdf", 400, "could mislead", id="control character"),
        pytest.param(pdf(), "", "application/octet-stream", 422, "Choose the file", id="no file"),
    ],
)
def test_a_bad_file_is_refused_in_words_and_nothing_is_stored(
    alice: Citizen, content: bytes, name: str, media_type: str, status: int, text: str
) -> None:
    answer = alice.upload(content, name, media_type, {"label": "Kept as typed"})
    assert answer.status_code == status
    assert text in answer.text
    assert 'href="#file"' in answer.text
    assert "Kept as typed" in answer.text
    assert alice.papers() == 0
    assert alice.town.stored_objects() == []


def test_51_megabytes_are_refused_and_nothing_is_stored(alice: Citizen) -> None:
    answer = alice.upload(b"%PDF-1.7\n" + b"0" * 51_000_000)
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert "This file is too large" in answer.text
    assert alice.town.stored_objects() == []


def test_a_body_of_untold_length_is_cut_off_at_the_limit(alice: Citizen) -> None:
    fields = {"csrf_token": alice.token(), "document_type": "proof_of_address", "label": "", "agreement": "yes"}
    body, boundary = multipart(fields, jpeg() + b"0" * 51_000_000, "photo.jpg", "image/jpeg")
    answer = alice.client.post(
        "/papers/add",
        input_stream=io.BytesIO(body),
        content_type=f"multipart/form-data; boundary={boundary}",
        environ_overrides={"wsgi.input_terminated": True},
        base_url="http://localhost:8000",
    )
    assert answer.status_code >= HTTPStatus.BAD_REQUEST
    assert alice.papers() == 0
    assert alice.town.stored_objects() == []


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        pytest.param({"csrf_token": "forged"}, HTTPStatus.FORBIDDEN, id="forged token"),
        pytest.param({"csrf_token": ""}, HTTPStatus.FORBIDDEN, id="no token"),
        pytest.param({"document_type": "secret_plan"}, HTTPStatus.BAD_REQUEST, id="unknown type"),
        pytest.param({"agreement": ""}, HTTPStatus.UNPROCESSABLE_ENTITY, id="no choice about pictures"),
        pytest.param({"label": "x" * 121}, HTTPStatus.UNPROCESSABLE_ENTITY, id="long name"),
        pytest.param({"issued_day": "31", "issued_month": "2", "issued_year": "2026"}, 422, id="no such day"),
    ],
)
def test_fields_are_checked_before_the_file(
    alice: Citizen, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], status: int
) -> None:
    def never(**_given: Any) -> None:
        pytest.fail("the intake was asked")

    monkeypatch.setattr(alice.town.house.intake, "receive", never)
    answer = alice.upload(pdf(), fields=changed)
    assert answer.status_code == status
    assert alice.town.stored_objects() == []


def test_a_file_that_comes_before_the_token_is_refused(alice: Citizen) -> None:
    body, boundary = multipart({}, pdf(), "bill.pdf", "application/pdf")
    assert alice.send(body, boundary).status_code == HTTPStatus.FORBIDDEN


def test_an_upload_from_another_site_is_refused(alice: Citizen) -> None:
    body, boundary = multipart({"csrf_token": alice.token()}, pdf(), "bill.pdf", "application/pdf")
    assert alice.send(body, boundary, Origin="https://evil.example").status_code == HTTPStatus.FORBIDDEN


def test_a_stranger_is_sent_to_sign_in(town: Town) -> None:
    stranger = town.stranger()
    body, boundary = multipart({"csrf_token": "x"}, pdf(), "bill.pdf", "application/pdf")
    answer = stranger.send(body, boundary)
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.location.startswith("/sign-in")
    assert town.stored_objects() == []


@pytest.mark.parametrize(
    "cut",
    [pytest.param(lambda b: b[:-40], id="no end mark"), pytest.param(lambda b: b[: len(b) // 2], id="in the middle")],
)
def test_a_truncated_form_stores_nothing(alice: Citizen, cut: Any) -> None:
    fields = {"csrf_token": alice.token(), "document_type": "proof_of_address", "label": "", "agreement": "no"}
    body, boundary = multipart(fields, pdf(pages=40), "bill.pdf", "application/pdf")
    answer = alice.send(cut(body), boundary)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert alice.papers() == 0
    assert alice.town.stored_objects() == []


def test_something_after_the_file_is_refused(alice: Citizen) -> None:
    fields = {"csrf_token": alice.token(), "document_type": "proof_of_address", "label": "", "agreement": "no"}
    body, boundary = multipart(fields, pdf(), "bill.pdf", "application/pdf")
    more = f'--{boundary}\r\nContent-Disposition: form-data; name="label"\r\n\r\nagain\r\n--{boundary}--\r\n'
    answer = alice.send(body.removesuffix(f"--{boundary}--\r\n".encode()) + more.encode(), boundary)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert alice.papers() == 0


def test_a_repeated_field_is_refused(alice: Citizen) -> None:
    body, boundary = multipart({"csrf_token": alice.token()}, pdf(), "bill.pdf", "application/pdf")
    again = f'--{boundary}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\nx\r\n'.encode()
    assert alice.send(again + body, boundary).status_code == HTTPStatus.BAD_REQUEST


def test_the_question_about_pictures_is_asked_once_and_can_be_changed(alice: Citizen) -> None:
    assert "small pictures" in alice.get("/papers/add?type=passport")
    document = alice.paper(agreement="no")
    assert "small pictures" not in alice.get("/papers/add?type=passport")
    assert "without reading them" in alice.get(f"/papers/{document}")
    alice.post("/papers/pictures", {"agreement": "yes"})
    assert "pictures are being made" in alice.get(f"/papers/{document}")


def test_a_paper_is_named_anew(alice: Citizen) -> None:
    document = alice.paper()
    alice.post(f"/papers/{document}/label", {"label": "Gas & water"})
    assert "Gas &amp; water" in alice.get(f"/papers/{document}")
    answer = alice.post(f"/papers/{document}/label", {"label": "x" * 121})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'href="#label"' in answer.text


def test_a_newer_version_takes_the_place_of_the_old_one(alice: Citizen) -> None:
    document = alice.paper()
    newer = pdf("A newer bill")
    answer = alice.upload(newer, fields={"replaces": document})
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert alice.papers() == 1
    assert alice.open(f"/papers/{document}/original").data == newer


def test_deleting_says_who_counts_on_it_and_when_it_is_gone(alice: Citizen) -> None:
    document = alice.paper()
    alice.lend(document)
    page = alice.get(f"/papers/{document}/delete")
    assert "School enrolment" in page
    assert "2 December 2026" in page  # 30 days after the town's 2 November
    answer = alice.post(f"/papers/{document}/delete", {})
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert alice.papers() == 0
    alice.get(f"/papers/{document}", HTTPStatus.NOT_FOUND)


def test_nobody_elses_paper_is_there(town: Town, alice: Citizen) -> None:
    document = alice.paper()
    mallory = town.citizen(given_name="Mallory")
    for path in ("", "/original", "/pages/1", "/delete"):
        mallory.get(f"/papers/{document}{path}", HTTPStatus.NOT_FOUND)
    mallory.post(f"/papers/{document}/delete", {})
    assert alice.papers() == 1


def test_the_page_speaks_french(town: Town) -> None:
    french = town.citizen(language="fr")
    assert "Vos papiers seront ici." in french.get("/papers")
    assert "Choisissez le fichier" in french.upload(b"", "", "application/octet-stream").text


def test_a_label_is_escaped(alice: Citizen) -> None:
    document = alice.paper(label='<img src=x onerror="alert(1)">')
    for path in ("/papers", f"/papers/{document}", f"/papers/{document}/delete"):
        assert "<img src=x" not in alice.get(path)
