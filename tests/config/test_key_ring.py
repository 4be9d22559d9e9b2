"""Key rings of each kind: context, versions, what they write down; then what only a file has, and only a token."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pkcs11
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pkcs11 import Attribute, KeyType
from pydantic import SecretStr

from config.errors import ConfigurationError, KeyRingError, TransactionError
from config.identifiers import SystemRandomness
from config.key_ring import KeyRing, WrappedKey, canonical
from config.key_ring.kinds import found, open_rings
from config.key_ring.local_file import LocalFileKeyRing
from config.key_ring.pkcs11 import KEPT_INSIDE, MAKING, Pkcs11KeyRing
from config.key_ring.token import Token
from config.settings import load_settings
from tests.clocks import FixedClock
from tests.softhsm import LIBRARY, PIN, SoftHSM

KEY = b"k" * 32
CONTEXT = {"owner": "o-1", "key": "owner"}


Opener = Callable[[], KeyRing]
"""Opens the test's ring once more, as another process does."""


@pytest.fixture(params=["file", "pkcs11"])
def open_again(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Opener:
    if request.param == "file":
        return lambda: open_file(tmp_path, clock)
    request.getfixturevalue("softhsm")
    name = f"vault-{SystemRandomness().bytes(6).hex()}"
    return lambda: open_in_token(tmp_path, clock, name)


@pytest.fixture
def ring(open_again: Opener) -> KeyRing:
    return open_again()


@pytest.fixture
def file_ring(tmp_path: Path, clock: FixedClock) -> LocalFileKeyRing:
    return open_file(tmp_path, clock)


@pytest.fixture
def token_ring(softhsm: SoftHSM, tmp_path: Path, clock: FixedClock) -> Pkcs11KeyRing:
    return open_in_token(tmp_path, clock, f"vault-{SystemRandomness().bytes(6).hex()}")


def open_file(folder: Path, clock: FixedClock) -> LocalFileKeyRing:
    return LocalFileKeyRing.open_or_create(folder / "keys", "vault", clock, SystemRandomness())


def open_in_token(folder: Path, clock: FixedClock, name: str) -> Pkcs11KeyRing:
    token = Token(str(LIBRARY), "city", SecretStr(PIN))
    return Pkcs11KeyRing.open_or_create(token, folder / "keys", name, clock, SystemRandomness())


def test_a_key_comes_back_with_its_context_only(ring: KeyRing) -> None:
    wrapped = WrappedKey.decode(ring.wrap(KEY, CONTEXT).encode())
    assert ring.unwrap(wrapped, CONTEXT, cause="e-1") == KEY
    for other in ({"owner": "o-2", "key": "owner"}, {"owner": "o-1"}, {**CONTEXT, "more": ""}, {}):
        with pytest.raises(KeyRingError):
            ring.unwrap(wrapped, other, cause="e-1")


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_flipped_bit_of_a_wrap_is_refused(ring: KeyRing, data: st.DataObject) -> None:
    encoded = bytearray(ring.wrap(KEY, CONTEXT).encode())
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(KeyRingError):
        ring.unwrap(WrappedKey.decode(bytes(encoded)), CONTEXT, cause="e-1")


@given(st.dictionaries(st.text(), st.text()), st.dictionaries(st.text(), st.text()))
def test_two_contexts_never_read_the_same(one: dict[str, str], other: dict[str, str]) -> None:
    assert (canonical(one) == canonical(other)) == (one == other)


def test_rotation_keeps_the_old_version_until_its_date_then_destroys_it(
    ring: KeyRing, open_again: Opener, clock: FixedClock
) -> None:
    old = ring.wrap(KEY, CONTEXT)
    assert ring.rotate(clock.now() + timedelta(days=30)) == 2
    assert ring.wrap(KEY, CONTEXT).version == ring.current_version == 2
    assert open_again().unwrap(old, CONTEXT, cause="e") == KEY
    assert ring.rotate(clock.now() + timedelta(days=40)) == 3
    ends = [(version.version, version.destroy_at) for version in ring.versions()]
    assert ends == [(1, clock.now() + timedelta(days=30)), (2, clock.now() + timedelta(days=40)), (3, None)]
    assert ring.destroy_due(clock.now()) == []
    clock.advance(timedelta(days=30))
    assert ring.destroy_due(clock.now()) == [1]
    for opened in (ring, open_again()):
        with pytest.raises(KeyRingError, match="not in this ring"):
            opened.unwrap(old, CONTEXT, cause="e")


def test_another_process_sees_a_rotation_at_once(ring: KeyRing, open_again: Opener, clock: FixedClock) -> None:
    other = open_again()
    ring.rotate(clock.now())
    assert other.current_version == 2


def test_every_unwrap_is_recorded_with_its_cause(ring: KeyRing, clock: FixedClock) -> None:
    ring.unwrap(ring.wrap(KEY, CONTEXT), CONTEXT, cause="entry-7")
    assert ring.unwraps(clock.now()) == {"entry-7": int(clock.now().timestamp())}
    assert ring.unwraps(clock.now() + timedelta(seconds=1)) == {}


def test_unwraps_are_read_once_and_kept_a_month(
    ring: KeyRing, open_again: Opener, tmp_path: Path, clock: FixedClock
) -> None:
    start = clock.now()
    wrapped = ring.wrap(KEY, CONTEXT)
    reader = open_again()
    for day in range(40):
        ring.unwrap(wrapped, CONTEXT, cause=f"entry-{day}")
        assert f"entry-{day}" in reader.unwraps(max(start, clock.now() - timedelta(days=7)))
        clock.advance(timedelta(days=1))
    files = sorted(path.name for path in (tmp_path / "keys").glob("vault*.unwraps-*.log"))
    assert len(files) == 32
    assert (tmp_path / "keys" / files[-1]).stat().st_mode & 0o777 == 0o600
    # A reader that begins anew, also further back than before, finds the same.
    for since in (timedelta(days=3), timedelta(days=9)):
        wanted = open_again().unwraps(clock.now() - since)
        assert reader.unwraps(clock.now() - since) == wanted
        assert len(wanted) == since.days


def test_a_line_that_is_being_written_is_read_when_it_is_whole(
    ring: KeyRing, tmp_path: Path, clock: FixedClock
) -> None:
    ring.unwrap(ring.wrap(KEY, CONTEXT), CONTEXT, cause="entry-1")
    (path,) = (tmp_path / "keys").glob("vault*.unwraps-*.log")
    with path.open("a") as journal:
        journal.write(f"{int(clock.now().timestamp())} 1 o-1 ent")
        journal.flush()
        assert set(ring.unwraps(clock.now())) == {"entry-1"}
        journal.write("ry-2\n")
    assert set(ring.unwraps(clock.now())) == {"entry-1", "entry-2"}


def test_no_key_is_wrapped_or_opened_inside_a_transaction(ring: KeyRing, sqlite: object) -> None:
    wrapped = ring.wrap(KEY, CONTEXT)
    with sqlite.transaction():  # type: ignore[attr-defined]
        with pytest.raises(TransactionError):
            ring.wrap(KEY, CONTEXT)
        with pytest.raises(TransactionError):
            ring.unwrap(wrapped, CONTEXT, cause="e")


def test_the_file_is_private_and_never_written_over(
    file_ring: LocalFileKeyRing, tmp_path: Path, clock: FixedClock
) -> None:
    path = tmp_path / "keys" / "vault.json"
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    wrapped = file_ring.wrap(KEY, CONTEXT)
    assert open_file(tmp_path, clock).unwrap(wrapped, CONTEXT, cause="e") == KEY
    assert path.read_bytes() == before
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        open_file(tmp_path, clock)
    path.chmod(0o600)
    moved = path.rename(path.with_name("elsewhere"))
    path.symlink_to(moved)
    with pytest.raises(ConfigurationError, match="plain file"):
        open_file(tmp_path, clock)
    path.unlink()
    path.write_text("{}")
    os.chmod(path, 0o600)  # noqa: PTH101 -- as an operator would
    with pytest.raises(ConfigurationError, match="damaged"):
        open_file(tmp_path, clock)


def test_a_ring_that_vanishes_is_never_made_anew_by_who_holds_it(file_ring: LocalFileKeyRing, tmp_path: Path) -> None:
    (tmp_path / "keys" / "vault.json").unlink()
    with pytest.raises(ConfigurationError, match="Put it back"):
        file_ring.wrap(KEY, CONTEXT)


def test_no_root_leaves_the_token(token_ring: Pkcs11KeyRing) -> None:
    token_ring.rotate(token_ring._clock.now())

    def look(session: pkcs11.Session) -> None:
        keys = list(session.get_objects({Attribute.LABEL: token_ring._label}))
        assert len(keys) == 2
        for key in keys:
            assert key[Attribute.ALWAYS_SENSITIVE]
            assert key[Attribute.NEVER_EXTRACTABLE]
            assert not any(key[may] for may in (Attribute.WRAP, Attribute.UNWRAP, Attribute.SIGN, Attribute.DERIVE))
            with pytest.raises(pkcs11.AttributeSensitive):
                key[Attribute.VALUE]

    token_ring._token.call(look)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the library's, ending a lost search
def test_a_session_that_was_lost_is_opened_again(token_ring: Pkcs11KeyRing) -> None:
    wrapped = token_ring.wrap(KEY, CONTEXT)
    token_ring._token.call(lambda session: session.close())  # as an HSM that was restarted: the login is gone too
    assert token_ring.unwrap(wrapped, CONTEXT, cause="e") == KEY


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # as above
def test_a_pin_that_was_refused_is_not_tried_until_the_token_is_locked(softhsm: SoftHSM) -> None:
    token = Token(str(LIBRARY), "guarded", SecretStr(PIN))
    token._pin = SecretStr("84-river-62")  # the HSM's operator changed it meanwhile
    token.call(lambda session: session.close())
    with pytest.raises(KeyRingError, match="PinIncorrect"):
        token.call(lambda session: list(session.get_objects()))
    token._pin = SecretStr(PIN)
    with pytest.raises(KeyRingError, match="not tried again until the next start"):
        token.call(lambda session: list(session.get_objects()))


@pytest.mark.parametrize(("age", "stays"), [(timedelta(), True), (MAKING + timedelta(seconds=1), False)])
def test_two_nodes_never_make_a_root_at_once_and_a_dead_one_holds_up_nobody(
    token_ring: Pkcs11KeyRing, clock: FixedClock, age: timedelta, stays: bool
) -> None:
    begun = f"2 {int((clock.now() - age).timestamp())} -+".encode()

    def begin(session: pkcs11.Session) -> None:
        session.generate_key(KeyType.AES, 256, id=begun, label=token_ring._label, store=True, template=KEPT_INSIDE)

    token_ring._token.call(begin)
    assert token_ring.wrap(KEY, CONTEXT).version == 1  # it is nobody's yet
    if stays:
        with pytest.raises(KeyRingError, match="try again"):
            token_ring.rotate(clock.now())
    else:
        assert token_ring.rotate(clock.now()) == 2
    assert token_ring.current_version == 2 - stays
    assert len(token_ring._token.call(token_ring._objects)) == 2


@pytest.mark.parametrize(
    ("library", "label", "pin", "said"),
    [
        pytest.param(
            "/nowhere/lib.so", "city", PIN, "The PKCS#11 library /nowhere/lib.so can't be loaded", id="library"
        ),
        pytest.param(str(LIBRARY), "village", PIN, "has no token village: set key_ring.token", id="token"),
        pytest.param(str(LIBRARY), "guarded", "84-river-62", r"does not take the PIN \(PinIncorrect\)", id="pin"),
        pytest.param(str(LIBRARY), "guarded", "", r"does not take the PIN \(PinIncorrect\)", id="no pin"),
    ],
)
def test_what_is_missing_of_a_token_is_one_sentence(
    softhsm: SoftHSM, library: str, label: str, pin: str, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        Token(library, label, SecretStr(pin))
    assert len(str(refused.value).splitlines()) == 1
    assert not pin or pin not in str(refused.value)


def test_a_local_ring_is_never_silently_replaced_by_a_token(
    file_ring: LocalFileKeyRing, softhsm: SoftHSM, tmp_path: Path, clock: FixedClock
) -> None:
    with pytest.raises(ConfigurationError, match=r"Set key_ring\.kind back to `file`"):
        Pkcs11KeyRing.open_or_create(
            Token(str(LIBRARY), "city", SecretStr(PIN)), tmp_path / "keys", "vault", clock, SystemRandomness()
        )


def test_a_token_that_lost_its_roots_gets_no_new_one_from_who_holds_it(token_ring: Pkcs11KeyRing) -> None:
    def lose(session: pkcs11.Session) -> None:
        for key in list(session.get_objects({Attribute.LABEL: token_ring._label})):
            key.destroy()

    token_ring._token.call(lose)
    with pytest.raises(KeyRingError, match="restore it"):
        token_ring.wrap(KEY, CONTEXT)


def test_the_setting_chooses_the_kind_and_the_pin_may_lie_in_a_file(
    softhsm: SoftHSM, tmp_path: Path, clock: FixedClock
) -> None:
    pin = tmp_path / "pin"
    pin.write_text(f"{PIN}\n")
    pin.chmod(0o640)
    section = {"kind": "pkcs11", "library": str(LIBRARY), "token": "chosen", "pin_file": pin}
    given = load_settings(data_dir=tmp_path, key_ring=section)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        open_rings(given, ["vault"], clock, SystemRandomness())
    pin.chmod(0o600)
    assert found(given) == []
    rings = open_rings(given, ["vault", "ledger"], clock, SystemRandomness())
    assert {type(ring) for ring in rings.values()} == {Pkcs11KeyRing}
    assert found(given) == ["ledger", "vault"]
    with pytest.raises(KeyRingError):
        rings["ledger"].unwrap(rings["vault"].wrap(KEY, CONTEXT), CONTEXT, cause="e")
