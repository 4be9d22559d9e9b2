"""A city's own document types and purposes: named by two settings, added to the usual ones, checked at start."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.errors import ConfigurationError
from config.settings import Catalogues, Settings
from tests.citizen_account import town as towns
from tests.citizen_account.town import Town
from tests.clocks import FixedClock

TYPES = """
[library_card]
name.fr = "Carte de lecteur"
name.en = "Library card"
description.fr = "La carte verte de la bibliothèque."
description.en = "The green card of the library."
group = "identity"
sensitivity = "ordinary"
sides = 1
validity = { rule = "always" }
source = "P: the city's own"

[passport]
name.fr = "Passeport"
name.en = "Passport, as our city calls it"
description.fr = "La page avec votre photo."
description.en = "The page with your photo."
group = "identity"
sensitivity = "ordinary"
sides = 1
validity = { rule = "not_expired" }
source = "L: the printed date"
"""


@pytest.fixture
def own(set_up_on_sqlite: Path, settings: Settings, clock: FixedClock, tmp_path: Path) -> Iterator[Town]:
    """A town with a type of its own and another name for a usual one."""
    shutil.copytree(set_up_on_sqlite, settings.data_dir)
    (tmp_path / "types.toml").write_text(TYPES)
    named = Catalogues(document_types=tmp_path / "types.toml")
    made = towns.build(settings.model_copy(update={"catalogues": named}), clock)
    yield made
    made.house.database.close()


def test_the_citys_types_stand_among_the_usual_ones(own: Town) -> None:
    alice = own.citizen()
    page = alice.get("/papers/add")
    for name in ("Library card", "Passport, as our city calls it", "National identity card"):
        assert name in page
    document = alice.paper(document_type="library_card", label="My card")
    assert "My card" in alice.get(f"/papers/{document}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[library_card", r"types\.toml is not TOML"),
        ('[library_card]\nname.fr = "x"', r"types\.toml: library_card"),
        (TYPES.replace("sides = 1", "sides = 0"), r"types\.toml: \w+\.sides"),
        (TYPES.replace('rule = "always"', 'rule = "sometimes"'), r"types\.toml: library_card"),
        (TYPES + 'sign_in = { acr = "eidas3" }', r"types\.toml: passport\.sign_in\.acr"),
        (TYPES + "sign_in = { max_age = 5 }", r"types\.toml: passport\.sign_in\.max_age"),
    ],
    ids=["no TOML", "a field is missing", "no such number of sides", "no such rule", "no such sign-in", "too new"],
)
def test_a_catalogue_that_is_wrong_stops_the_start(settings: Settings, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "types.toml").write_text(text)
    named = Catalogues(document_types=tmp_path / "types.toml")
    with pytest.raises(ConfigurationError, match=said):
        towns.set_up(settings.model_copy(update={"catalogues": named}))
