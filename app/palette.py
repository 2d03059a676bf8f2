"""Finds commands by a few letters of their words: what the command palette lists, best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

START_OF_WORD, RUN, INSIDE = 8.0, 6.0, 1.0
"""What a found letter counts: at the start of a word, after the letter before it, anywhere else."""
SKIPPED = 0.05
"""What each letter that is passed over costs."""


@dataclass(frozen=True)
class Offer:
    """A command as the palette lists it.

    Attributes:
        key: the command's key.
        title: what it does, in words.
        group: the menu it stands in.
        shortcut: its keys as Qt writes them; empty for none.
        why_not: why it cannot be used now; empty where it can.
        is_enabled: whether it can be used now.
    """

    key: str
    title: str
    group: str = ""
    shortcut: str = ""
    why_not: str = ""
    is_enabled: bool = True


def ranked(offers: Sequence[Offer], typed: str) -> tuple[Offer, ...]:
    """The offers that every typed word fits, best first; what can be used comes before what cannot.

    A word fits when its letters come in this order in title and group. Of equals the order is kept.
    """
    words = typed.lower().split()
    found = []
    for offer in offers:
        scores = [_fit(word, f"{offer.title} {offer.group}".lower()) for word in words]
        if all(score is not None for score in scores):
            found.append((sum(score for score in scores if score is not None), offer))
    found.sort(key=lambda pair: (not pair[1].is_enabled, -pair[0]))
    return tuple(offer for _, offer in found)


def _fit(word: str, text: str) -> float | None:
    """How well the letters of a word lie in a text, from the best place of its first; None where they do not."""
    starts = [n for n, letter in enumerate(text) if letter == word[0]]
    scores = [score for score in (_fit_from(word, text, start) for start in starts) if score is not None]
    return max(scores, default=None)


def _fit_from(word: str, text: str, start: int) -> float | None:
    score, before = 0.0, start - 1
    for n, letter in enumerate(word):
        at = start if n == 0 else text.find(letter, before + 1)
        if at < 0:
            return None
        if at == 0 or not text[at - 1].isalnum():
            score += START_OF_WORD
        else:
            score += RUN if n and at == before + 1 else INSIDE
        score -= SKIPPED * (at - before - 1)
        before = at
    return score
