"""The answers of a release page: read from its form, carried along in an address, put back into the page.

They hold opaque ids of the person's own papers and nothing else, and every one is checked again when the page is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from werkzeug.datastructures import MultiDict

from oidc.request.authorization_details import MAX_DETAILS

Answers = Mapping[int, Sequence[str]]
"""By question: papers, or `NONE` alone; nothing for a question that is still open."""

NONE = "none"
"""The answer "I don't have one"."""
FIELDS = tuple(f"paper-{number}" for number in range(MAX_DETAILS))
"""The page's fields, one a question; several values where a question takes several papers."""


def from_form(form: MultiDict[str, str], questions: int) -> Answers:
    """What was chosen on the page, each paper once."""
    return {index: tuple(dict.fromkeys(filter(None, form.getlist(FIELDS[index])))) for index in range(questions)}


def read(chosen: str, questions: int) -> Answers:
    """The reverse of `write`; what isn't an answer to one of the questions is left out."""
    found: dict[int, list[str]] = {}
    for part in chosen.split("~"):
        index, _dot, answer = part.partition(".")
        if answer and index.isascii() and index.isdigit() and int(index) < questions:
            found.setdefault(int(index), []).append(answer)
    return found


def write(answers: Answers) -> str:
    """Answers as they travel: `0.<paper>~0.<paper>~1.none`."""
    return "~".join(f"{index}.{one}" for index, given in answers.items() for one in given)


def added(answers: Answers, question: int, paper: str, most: int) -> Answers:
    """The answers with a paper that was added for a question: it joins the others where they are fewer than `most`."""
    others = [one for one in answers.get(question, ()) if one not in {NONE, paper}]
    return {**answers, question: [*others[: most - 1], paper]}
