"""Takes the pictures of docs/pictures from a house filled by the demo: phone and desktop, French and English.

make screenshots
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.installation import RunningHouse, running

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1200, "height": 860}}
WHOLE = {"release", "accesses"}
"""Pages whose picture shows them to their foot: what they are about stands below the first screen."""
EMAIL, PASSWORD = "rosa.fernandes@town.example", "the whole town knows these words"


def main() -> None:
    """Take every picture."""
    found = shutil.which("chromium")
    if found is None:
        sys.exit("Chromium is missing: tools/machine installs it.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        running(Path(folder) / "data", "--demo") as town,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        for language in ("en", "fr"):
            page = browser.new_context(locale=language).new_page()
            _take(page, town, "/", "welcome", language)
            _sign_in(page, town, language)
            _wait_for_pictures(page, town)
            for path, name in (("/", "home"), ("/papers", "papers"), ("/accesses", "accesses"), ("/leave", "leave")):
                _take(page, town, path, name, language)
            page.goto(f"{town.example_url}/")
            page.get_by_role("button").click()
            page.wait_for_url("**/release/**")
            _take(page, town, page.url, "release", language)
        browser.close()


def _sign_in(page: Page, town: RunningHouse, language: str) -> None:
    page.goto(f"{town.url}/sign-in?lang={language}")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{town.url}/")


def _wait_for_pictures(page: Page, town: RunningHouse) -> None:
    """Until the worker has drawn every paper of the person."""
    page.goto(f"{town.url}/papers")
    while page.locator(".paper-picture--none").count():
        page.wait_for_timeout(500)
        page.reload()


def _take(page: Page, town: RunningHouse, path: str, name: str, language: str) -> None:
    address = path if path.startswith("http") else town.url + path
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)  # type: ignore[arg-type] # a plain dict
        page.goto(f"{address}?lang={language}")
        page.screenshot(path=FOLDER / f"{name}-{size}-{language}.png", full_page=name in WHOLE)


if __name__ == "__main__":
    main()
