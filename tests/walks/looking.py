"""What every page must be, looked at in the browser: axe, headings, 320 pixels, text of twice the size, targets."""

from __future__ import annotations

from itertools import pairwise

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
ALIKE = {"exclude": [["tbody tr:nth-child(n+5)"]]}
"""Rows like the ones before them: axe takes half a minute for fifty."""
NARROW: ViewportSize = {"width": 320, "height": 640}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}

_MISFITS = """() => {
  const found = [], wide = document.documentElement;
  const SLACK = 3;  // a button of GOV.UK Frontend answers to clicks 2 pixels beyond its edge
  if (wide.scrollWidth > wide.clientWidth) found.push(`the page scrolls sideways: ${wide.scrollWidth} pixels`);
  const name = (e) => `${e.tagName.toLowerCase()}.${e.className} “${(e.innerText || e.value || '').slice(0, 40)}”`;
  for (const e of document.body.querySelectorAll('*')) {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    if (!box.width || style.clipPath.startsWith('inset') || e.closest('.govuk-visually-hidden, .govuk-skip-link, svg'))
      continue;
    // A table that scrolls inside a region of its own, which the keyboard reaches, is no loss (WCAG 1.4.10).
    const region = e.closest('[role=region][tabindex="0"]');
    if (region && region !== e) continue;
    if (box.right > wide.clientWidth + 1 || box.left < -1) found.push(`${name(e)} leaves the page`);
    if (e.matches('input, select, textarea, [role=region], progress')) continue;
    if (style.display !== 'inline' && e.clientWidth && e.scrollWidth > e.clientWidth + SLACK)
      found.push(`${name(e)} is cut: ${e.scrollWidth} > ${e.clientWidth}`);
    if (style.overflowY === 'hidden' && e.scrollHeight > e.clientHeight + SLACK)
      found.push(`${name(e)} is cut below: ${e.scrollHeight} > ${e.clientHeight}`);
  }
  return found;
}"""

_SMALL_TARGETS = """() => {
  const found = [];
  for (const e of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')) {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    if (!box.width || e.matches('.govuk-skip-link')) continue;
    // Within a sentence a link is as high as its line (WCAG 2.5.8, inline).
    if (style.display === 'inline') continue;
    const least = e.matches('.govuk-button') ? 44 : 24;
    if (box.height < least - 0.5 || box.width < 24)
      found.push(`${e.tagName} “${e.innerText || e.name}” is ${Math.round(box.width)} by ${Math.round(box.height)}`);
  }
  return found;
}"""

_HEADINGS = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
  .filter((e) => e.getClientRects().length).map((e) => Number(e.tagName[1]))"""

_TEXT = "(percent) => { document.documentElement.style.fontSize = percent; }"


def problems(page: Page, *, again: bool = False) -> list[str]:
    """Everything that is wrong with the page as it stands, each as a sentence; the window is put back as it was.

    again: it was looked at in the other language. axe would find the same; longer words may not fit.
    """
    before = page.viewport_size or DESKTOP
    found = [] if again else _found_by_axe(page)
    found += _wrong_headings(page.evaluate(_HEADINGS))
    page.set_viewport_size(NARROW)
    found += [f"at 320 pixels {one}" for one in page.evaluate(_MISFITS) + page.evaluate(_SMALL_TARGETS)]
    page.set_viewport_size(DESKTOP)
    page.evaluate(_TEXT, "200%")
    found += [f"at 200 % text {one}" for one in page.evaluate(_MISFITS)]
    page.evaluate(_TEXT, "")
    page.set_viewport_size(before)
    return found


def _found_by_axe(page: Page) -> list[str]:
    results = Axe().run(page, context=ALIKE, options=AXE)
    return [f"axe: {results.generate_report()}"] if results.violations_count else []


def _wrong_headings(levels: list[int]) -> list[str]:
    """One first heading, and none that skips a level on the way down."""
    found = [] if levels.count(1) == 1 else [f"{levels.count(1)} first headings"]
    skipped = any(below > above + 1 for above, below in pairwise(levels))
    return [*found, f"headings skip a level: {levels}"] if skipped else found
