"""The page that the tables are written to."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"


def put(mark: str, table: str) -> None:
    """Print a table, and put it between `<!-- mark -->` and `<!-- /mark -->` of the page, if that has them."""
    print(table)
    begin, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    if PAGE.exists() and begin in PAGE.read_text():
        before, _, rest = PAGE.read_text().partition(begin)
        PAGE.write_text(f"{before}{begin}\n{table}\n{end}{rest.partition(end)[2]}")
