"""The local key ring: context, versions, the file itself."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import ConfigurationError, KeyRingError, TransactionError
from config.identifiers import SystemRandomness
from config.key_ring import WrappedKey, canonical
from config.key_ring.local_file import LocalFileKeyRing
from tests.clocks import FixedClock

KEY = b"k" * 32
CONTEXT = {"owner": "o-1", "key": "owner"}


@pytest.fixture
def ring(tmp_path: Path, clock: FixedClock) -> LocalFileKeyRing:
    return open_ring(tmp_path, clock)


def open_ring(folder: Path, clock: FixedClock) -> LocalFileKeyRing:
    return LocalFileKeyRing.open_or_create(folder / "keys", "vault", clock, SystemRandomness())


def test_a_key_comes_back_with_its_context_only(ring: LocalFileKeyRing) -> None:
    wrapped = WrappedKey.decode(ring.wrap(KEY, CONTEXT).encode())
    assert ring.unwrap(wrapped, CONTEXT, cause="e-1") == KEY
    for other in ({"owner": "o-2", "key": "owner"}, {"owner": "o-1"}, {**CONTEXT, "more": ""}, {}):
        with pytest.raises(KeyRingError):
            ring.unwrap(wrapped, other, cause="e-1")


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_flipped_bit_of_a_wrap_is_refused(ring: LocalFileKeyRing, data: st.DataObject) -> None:
    encoded = bytearray(ring.wrap(KEY, CONTEXT).encode())
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(KeyRingError):
        ring.unwrap(WrappedKey.decode(bytes(encoded)), CONTEXT, cause="e-1")


@given(st.dictionaries(st.text(), st.text()), st.dictionaries(st.text(), st.text()))
def test_two_contexts_never_read_the_same(one: dict[str, str], other: dict[str, str]) -> None:
    assert (canonical(one) == canonical(other)) == (one == other)


def test_rotation_keeps_the_old_version_until_its_date_then_destroys_it(
    ring: LocalFileKeyRing,
    tmp_path: Path,
    clock: FixedClock,
) -> None:
    old = ring.wrap(KEY, CONTEXT)
    assert ring.rotate(clock.now() + timedelta(days=30)) == 2
    assert ring.wrap(KEY, CONTEXT).version == 2
    assert open_ring(tmp_path, clock).unwrap(old, CONTEXT, cause="e") == KEY
    assert ring.destroy_due(clock.now()) == []
    clock.advance(timedelta(days=30))
    assert ring.destroy_due(clock.now()) == [1]
    for opened in (ring, open_ring(tmp_path, clock)):
        with pytest.raises(KeyRingError, match="not in this ring"):
            opened.unwrap(old, CONTEXT, cause="e")


def test_another_process_sees_a_rotation_at_once(ring: LocalFileKeyRing, tmp_path: Path, clock: FixedClock) -> None:
    other = open_ring(tmp_path, clock)
    ring.rotate(clock.now())
    assert other.current_version == 2


def test_the_file_is_private_and_never_written_over(ring: LocalFileKeyRing, tmp_path: Path, clock: FixedClock) -> None:
    path = tmp_path / "keys" / "vault.json"
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    wrapped = ring.wrap(KEY, CONTEXT)
    assert open_ring(tmp_path, clock).unwrap(wrapped, CONTEXT, cause="e") == KEY
    assert path.read_bytes() == before
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        open_ring(tmp_path, clock)
    path.chmod(0o600)
    moved = path.rename(path.with_name("elsewhere"))
    path.symlink_to(moved)
    with pytest.raises(ConfigurationError, match="plain file"):
        open_ring(tmp_path, clock)
    path.unlink()
    path.write_text("{}")
    os.chmod(path, 0o600)  # noqa: PTH101 -- as an operator would
    with pytest.raises(ConfigurationError, match="damaged"):
        open_ring(tmp_path, clock)


def test_a_ring_that_vanishes_is_never_made_anew_by_who_holds_it(ring: LocalFileKeyRing, tmp_path: Path) -> None:
    (tmp_path / "keys" / "vault.json").unlink()
    with pytest.raises(ConfigurationError, match="Put it back"):
        ring.wrap(KEY, CONTEXT)


def test_every_unwrap_is_recorded_with_its_cause(ring: LocalFileKeyRing, clock: FixedClock) -> None:
    ring.unwrap(ring.wrap(KEY, CONTEXT), CONTEXT, cause="entry-7")
    assert ring.unwraps(clock.now()) == {"entry-7": int(clock.now().timestamp())}
    assert ring.unwraps(clock.now() + timedelta(seconds=1)) == {}


def test_unwraps_are_read_once_and_kept_a_month(ring: LocalFileKeyRing, tmp_path: Path, clock: FixedClock) -> None:
    start = clock.now()
    wrapped = ring.wrap(KEY, CONTEXT)
    reader = open_ring(tmp_path, clock)
    for day in range(40):
        ring.unwrap(wrapped, CONTEXT, cause=f"entry-{day}")
        assert f"entry-{day}" in reader.unwraps(max(start, clock.now() - timedelta(days=7)))
        clock.advance(timedelta(days=1))
    files = sorted(path.name for path in (tmp_path / "keys").glob("vault.unwraps-*.log"))
    assert len(files) == 32
    assert (tmp_path / "keys" / files[-1]).stat().st_mode & 0o777 == 0o600
    # A reader that begins anew, also further back than before, finds the same.
    for since in (timedelta(days=3), timedelta(days=9)):
        wanted = open_ring(tmp_path, clock).unwraps(clock.now() - since)
        assert reader.unwraps(clock.now() - since) == wanted
        assert len(wanted) == since.days


def test_a_line_that_is_being_written_is_read_when_it_is_whole(
    ring: LocalFileKeyRing, tmp_path: Path, clock: FixedClock
) -> None:
    ring.unwrap(ring.wrap(KEY, CONTEXT), CONTEXT, cause="entry-1")
    (path,) = (tmp_path / "keys").glob("vault.unwraps-*.log")
    with path.open("a") as journal:
        journal.write(f"{int(clock.now().timestamp())} 1 o-1 ent")
        journal.flush()
        assert set(ring.unwraps(clock.now())) == {"entry-1"}
        journal.write("ry-2\n")
    assert set(ring.unwraps(clock.now())) == {"entry-1", "entry-2"}


def test_no_key_is_wrapped_or_opened_inside_a_transaction(ring: LocalFileKeyRing, sqlite: object) -> None:
    wrapped = ring.wrap(KEY, CONTEXT)
    with sqlite.transaction():  # type: ignore[attr-defined]
        with pytest.raises(TransactionError):
            ring.wrap(KEY, CONTEXT)
        with pytest.raises(TransactionError):
            ring.unwrap(wrapped, CONTEXT, cause="e")
