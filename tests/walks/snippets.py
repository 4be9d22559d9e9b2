"""The snippets of docs/integrate.md, as an integrator would paste them: only addresses, id and secret are put in."""

from __future__ import annotations

import re

from tests.installation import ROOT, RunningHouse
from tests.walks.relying_parties import SECRET


def snippet(language: str, town: RunningHouse, *, service: str, client_id: str) -> str:
    """The block of that language. service: the address of the service that runs it."""
    document = (ROOT / "docs" / "integrate.md").read_text()
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", document, flags=re.DOTALL | re.MULTILINE)
    replaced = {
        "https://account.city.example": town.url,
        "https://service.example": service,
        "CLIENT_ID": client_id,
        "CLIENT_SECRET": SECRET,
    }
    for placeholder, value in replaced.items():
        assert placeholder in block, placeholder
        block = block.replace(placeholder, value)
    return str(block)
