"""Pictures of papers, at each cage level that this machine offers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from PIL import Image

from config.clock import SystemClock
from tests.vault.content import samples
from vault.content import cage
from vault.content.cage import CageLevel
from vault.content.conversation import Answer, _Untrusted
from vault.content.media_types import MediaType
from vault.content.preview_process import frames
from vault.content.previews import PreviewReason, Previews, PreviewState

LEVELS = [level for level in (CageLevel.BUBBLEWRAP, CageLevel.LANDLOCK) if not cage.probe(level)]


@pytest.fixture(params=LEVELS)
def previews(request: pytest.FixtureRequest) -> Previews:
    return Previews(clock=SystemClock(), level=request.param)


def _opened(page: bytes) -> Image.Image:
    return Image.open(io.BytesIO(page))


@pytest.mark.parametrize("media_type", list(MediaType))
def test_every_kind_of_paper_has_a_picture(previews: Previews, media_type: MediaType) -> None:
    made = previews.render(samples.pieces(samples.valid(media_type)), media_type, max_pages=3)
    assert (made.state, made.reason, len(made.pages), made.page_count) == (PreviewState.READY, None, 1, 1)
    assert _opened(made.pages[0]).format == "JPEG"


def test_a_page_is_drawn_at_110_dots_an_inch(previews: Previews) -> None:
    made = previews.render([samples.pdf()], MediaType.PDF, max_pages=1)
    width, height = _opened(made.pages[0]).size
    assert abs(width - 910) <= 4
    assert abs(height - 1286) <= 1


def test_no_more_pages_than_wanted(previews: Previews) -> None:
    made = previews.render([samples.pdf(pages=7)], MediaType.PDF, max_pages=3)
    assert (len(made.pages), made.page_count) == (3, 7)


def test_a_photograph_stands_upright_and_has_lost_where_it_was_taken(previews: Previews) -> None:
    photograph = samples.photograph_with_gps(orientation=6)
    assert b"CanaryMaker" in photograph
    made = previews.render([photograph], MediaType.JPEG, max_pages=1)
    shown = _opened(made.pages[0]).convert("RGB")
    assert shown.size == (200, 400), "turned by a quarter"
    top, bottom = shown.getpixel((100, 50)), shown.getpixel((100, 350))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[1] < 100 < bottom[1], "red was left, and is at the top once upright"
    assert not shown.getexif()
    assert b"CanaryMaker" not in made.pages[0]
    assert b"Exif" not in made.pages[0]


def test_what_is_transparent_shows_white(previews: Previews) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(file, "PNG")
    made = previews.render([file.getvalue()], MediaType.PNG, max_pages=1)
    assert _opened(made.pages[0]).convert("L").getextrema() == (255, 255)


def test_sixteen_bits_a_pixel_are_not_cut(previews: Previews) -> None:
    file = io.BytesIO()
    Image.new("I;16", (50, 50), 32_768).save(file, "PNG")
    made = previews.render([file.getvalue()], MediaType.PNG, max_pages=1)
    low, high = _opened(made.pages[0]).convert("L").getextrema()
    assert isinstance(low, int)
    assert 120 < low <= high < 136


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_mode_of_png_is_drawn(previews: Previews, mode: str) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (40, 30), "white").convert(mode).save(file, "PNG")
    assert previews.render([file.getvalue()], MediaType.PNG, max_pages=1).state is PreviewState.READY


def test_a_cmyk_photograph_is_drawn(previews: Previews) -> None:
    file = io.BytesIO()
    Image.new("CMYK", (40, 30)).save(file, "JPEG")
    assert previews.render([file.getvalue()], MediaType.JPEG, max_pages=1).state is PreviewState.READY


def test_a_large_photograph_is_made_small(previews: Previews) -> None:
    made = previews.render([samples.picture(MediaType.JPEG, (8000, 6000))], MediaType.JPEG, max_pages=1)
    assert max(_opened(made.pages[0]).size) == 1600


@pytest.mark.parametrize(
    ("document", "media_type", "reason"),
    [
        pytest.param(samples.locked_pdf(), MediaType.PDF, PreviewReason.ENCRYPTED, id="a password"),
        pytest.param(b"%PDF-1.7\nnothing", MediaType.PDF, PreviewReason.BROKEN, id="no PDF"),
        pytest.param(b"", MediaType.PDF, PreviewReason.BROKEN, id="nothing"),
        pytest.param(samples.png_of_size(60_000, 60_000), MediaType.PNG, PreviewReason.TOO_LARGE, id="a bomb"),
        pytest.param(samples.picture(MediaType.PNG)[:200], MediaType.PNG, PreviewReason.BROKEN, id="cut short"),
    ],
)
def test_a_paper_without_a_picture_says_why(
    previews: Previews, document: bytes, media_type: MediaType, reason: PreviewReason
) -> None:
    made = previews.render(samples.pieces(document), media_type, max_pages=2)
    assert (made.state, made.pages, made.reason) == (PreviewState.NOT_PREVIEWABLE, (), reason)


def test_time_runs_out(previews: Previews) -> None:
    hurried = Previews(clock=SystemClock(), level=previews.level, time_limit=timedelta(milliseconds=1))
    made = hurried.render([samples.pdf()], MediaType.PDF, max_pages=1)
    assert (made.state, made.reason) == (PreviewState.NOT_PREVIEWABLE, PreviewReason.TOO_SLOW)


def test_what_the_chunks_raise_comes_through(previews: Previews) -> None:
    """A segment that doesn't authenticate is no fault of the document's."""

    def cut() -> Iterator[bytes]:
        yield samples.pdf()[:300]
        raise OSError("the store is gone")

    with pytest.raises(OSError, match="the store is gone"):
        previews.render(cut(), MediaType.PDF, max_pages=1)


def test_without_a_cage_nothing_is_opened() -> None:
    def untouched() -> Iterator[bytes]:
        raise AssertionError("the document was read")
        yield b""

    made = Previews(clock=SystemClock(), level=CageLevel.NONE).render(untouched(), MediaType.PDF, max_pages=1)
    assert (made.state, made.reason) == (PreviewState.NOT_PREVIEWABLE, PreviewReason.NO_CAGE)


def _header(width: int, height: int, pages: int = 1) -> bytes:
    return frames.HEADER.pack(width, height, pages)


@pytest.mark.parametrize(
    ("said", "pictures"),
    [
        pytest.param(_header(4, 2) + bytes(24) + _header(4, 2), 1, id="the second is missing"),
        pytest.param(_header(4, 2) + bytes(23), 0, id="a byte is missing"),
        pytest.param(_header(0xFFFFFFFF, 0xFFFFFFFF) + bytes(99), 0, id="huge"),
        pytest.param(_header(2005, 1) + bytes(9999), 0, id="a pixel too wide"),
        pytest.param(_header(1, 0) + bytes(99), 0, id="no height"),
        pytest.param((_header(1, 1) + bytes(3)) * 9, 2, id="more than were wanted"),
        pytest.param(_header(0, 99), 0, id="an end of its own"),
        pytest.param(b"junk", 0, id="four bytes"),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_an_owned_child_may_say_what_it_likes(said: bytes, pictures: int, size: int) -> None:
    taken: list[tuple[int, int, bytes]] = []
    reader = _Untrusted(receive=lambda *picture: taken.append(picture), max_pictures=2, answer=Answer())
    for part in samples.pieces(said, size):
        if not reader.feed(part):
            break
    assert len(taken) == pictures
    assert all(len(pixels) == width * height * 3 for width, height, pixels in taken)
    assert reader.answer.end in (None, frames.END_BROKEN)
