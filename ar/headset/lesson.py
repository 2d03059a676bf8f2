"""A heart to learn on, as one HTML file that needs no network: surfaces, plan, labels, tour and quiz."""

from __future__ import annotations

import base64
import json

from ar.headset.compression import pack_surface
from ar.headset.files import read_lesson_page
from ar.headset.shown import Shown, plan_message, sources_of, structures_message
from core.errors import PlannerError
from core.resources import RESEARCH_NOTICE

LARGEST_BYTES = 15_000_000
PLACE = "<!-- lesson -->"


def lesson_html(shown: Shown) -> str:
    """The whole file.

    Raises:
        PlannerError: there is no surface, the page is not built, or the file would be larger than `LARGEST_BYTES`.
    """
    sources = sources_of(shown)
    if not sources:
        raise PlannerError("there is no lesson to write", "there is no surface", "reconstruct the heart first")
    cut = {name: source.cut() for name, source in sources.items()}
    packed = {name: pack_surface(mesh) for name, mesh in cut.items() if len(mesh.faces)}
    content = {
        "notice": RESEARCH_NOTICE,
        "structures": structures_message(shown),
        "plan": plan_message(shown),
        "surfaces": {
            name: {"draco": base64.b64encode(surface.draco).decode(), **surface.facts}
            for name, surface in packed.items()
        },
    }
    # A "<" inside a script element could end it: a name in the plan is anybody's text.
    told = json.dumps(content).replace("<", "\\u003c")
    page = read_lesson_page()
    html = page.replace(PLACE, f'<script type="application/json" id="lesson">{told}</script>', 1)
    if len(html.encode()) > LARGEST_BYTES:
        raise PlannerError(
            "the lesson is not written",
            f"it would be larger than {LARGEST_BYTES // 1_000_000} MB",
            "hide or simplify structures",
        )
    return html
