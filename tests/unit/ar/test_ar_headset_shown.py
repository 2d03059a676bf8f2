from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace

import numpy as np
import pytest

from ar.headset.limits import SURFACES_PAUSE_S
from ar.headset.names import Names, is_plain
from ar.headset.pacing import Pace
from ar.headset.packing import Packing
from ar.headset.shown import Shown, plan_message, sources_of, structures_message
from core.anatomy import Anatomy
from core.errors import PlannerError
from plan.items import (
    Ball,
    CutBox,
    CutCurve,
    CutPlane,
    Distance,
    Gap,
    Item,
    Landmark,
    MitralAnnulus,
    StructureVolume,
    SurfacePath,
    VirtualValve,
)
from plan.plan import Plan
from render.compose import compose
from render.view import ViewState
from tests.support.ball_patient import CENTRE_MM, FRAME_UID, make_anatomy

ROUND = [
    (10 + 8 * np.cos(t), -190.0, 300 + 8 * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 12, endpoint=False)
]
CURVE = CutCurve("Cut curve 1", tuple(ROUND), (0.0, 1.0, 0.0), spared=("lv",))
RING = [
    (10 + 15 * np.cos(t), -150 + 12 * np.sin(t), 310.0) for t in np.linspace(0, 2 * np.pi, 8, endpoint=False)
]


def _shown(*items: Item, view: ViewState | None = None) -> Shown:
    return Shown(make_anatomy(), Plan(FRAME_UID, items), view or ViewState(), 1)


def _all_kinds() -> tuple[Item, ...]:
    annulus = MitralAnnulus("Mitral annulus 1", annulus_mm=tuple(RING))
    return (
        CutPlane("Cut plane 1", (10, -150, 300), (0, -1, 0), spared=("lv",)),
        CutBox("Cut box 1", (0, -170, 290), (30, -140, 310), spared=("lv",)),
        CURVE,
        Distance("Distance 1", (0, 0, 0), (3, 4, 0)),
        Landmark("Apex", (7, 8, 9)),
        Ball("Ball 1", (1, 2, 3), (4, 2, 3)),
        Gap("Gap 1", "lv", "lv_myocardium", (0, 0, 0), (3, 4, 0)),
        SurfacePath("Path 1", "lv", (0, 0, 0), (3, 4, 0), ((0, 0, 0), (3, 4, 0))),
        annulus,
        VirtualValve("Virtual valve 1", annulus_id=annulus.item_id),
    )


@pytest.mark.parametrize("hidden", [{}, {"show_measures": False}, {"show_cut_planes": False}])
def test_viewers_are_told_every_line_point_and_label_that_the_workstation_draws(
    hidden: dict[str, bool],
) -> None:
    view = ViewState(**hidden)  # type: ignore[arg-type]
    shown = _shown(*_all_kinds(), view=view)
    assert shown.anatomy is not None
    scene, told = compose(shown.anatomy, shown.plan, view), plan_message(shown)
    assert [line["points_mm"] for line in told["lines"]] == [  # type: ignore[attr-defined]
        [list(place) for place in line.points_mm] for line in scene.polylines
    ]
    assert [one["position_mm"] for one in told["points"]] == [list(p.position_mm) for p in scene.points]  # type: ignore[attr-defined]
    assert [one["text"] for one in told["labels"]] == [label.text for label in scene.labels]  # type: ignore[attr-defined]
    assert told["has_frames"] == bool(scene.planes)


def test_planes_and_the_six_sides_of_a_box_are_told_with_what_they_spare() -> None:
    told = plan_message(_shown(*_all_kinds(), CutBox("Cut box 2", (0, 0, 0), (1, 1, 1), is_active=False)))
    assert told["planes"][0]["spared"] == ["lv"]  # type: ignore[index]
    box = told["boxes"][0]  # type: ignore[index]
    assert len(told["boxes"]) == 1  # type: ignore[arg-type]
    assert box["spared"] == ["lv"]
    sides = {(tuple(side["origin_mm"]), tuple(side["normal"])) for side in box["sides"]}
    assert len(sides) == 6
    inside = np.array([15.0, -150.0, 300.0])
    assert all(np.dot(inside - origin, normal) < 0.0 for origin, normal in sides)
    assert ((0.0, -170.0, 290.0), (-1.0, 0.0, 0.0)) in sides


def test_a_curve_cuts_the_surface_that_is_sent_as_it_cuts_the_workstations() -> None:
    shown = _shown(CURVE)
    assert shown.anatomy is not None
    plain = structures_message(_shown())["structures"]
    shown_here = replace(shown, anatomy=shown.anatomy)
    told = {one["key"]: one["surface"] for one in structures_message(shown_here)["structures"]}  # type: ignore[attr-defined]
    sent = {key: sources_of(shown_here)[name].cut() for key, name in told.items()}
    scene = compose(shown.anatomy, shown.plan, shown.view)
    for surface in scene.surfaces:
        assert sent[surface.key].volume_ml == pytest.approx(surface.mesh.volume_ml, rel=1e-12)
    whole = shown.anatomy.surfaces["lv_myocardium"].volume_ml
    assert sent["lv_myocardium"].volume_ml < 0.9 * whole
    assert sent["lv"] is shown.anatomy.surfaces["lv"]
    assert plain


def test_a_surface_has_another_name_when_a_curve_cuts_it_and_its_old_one_again_without() -> None:
    anatomy = make_anatomy()

    def names(*items: Item) -> list[str]:
        return [*sources_of(Shown(anatomy, Plan(FRAME_UID, items), ViewState(), 1))]

    before, cut = names(), names(CURVE)
    assert cut[0] == before[0]
    assert cut[1] != before[1]
    assert names() == before


def test_what_is_not_shown_is_said() -> None:
    shown = _shown(view=ViewState(paint_uncertainty=True))
    assert structures_message(shown)["not_shown"] == ["colours of millimetres on surfaces"]
    foreign = replace(_shown(), plan=Plan("9.9", (Landmark("Apex", (1, 2, 3)),)))
    assert plan_message(foreign)["items"] == []
    assert "another patient space" in structures_message(foreign)["not_shown"][0]  # type: ignore[index]
    with pytest.raises(PlannerError):
        compose(foreign.anatomy, foreign.plan, foreign.view)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["Apex", "Cut plane 2", "LV apex", "Mitral annulus 1", "left coronary ostium", "RV-OT?"]
)
def test_words_of_anatomy_are_told(text: str) -> None:
    assert is_plain(text) == (text != "RV-OT?")


@pytest.mark.parametrize(
    "text", ["John Doe", "Apex Müller", "12.03.1956", "4711 apex", "apex 12 03 56", "", "5", "Ольга"]
)
def test_words_that_could_be_a_persons_are_not_told(text: str) -> None:
    assert not is_plain(text)


def test_typed_names_reach_viewers_only_when_names_are_allowed() -> None:
    ball = make_anatomy().surfaces["lv"]
    anatomy = Anatomy({"DOE^JANE": ball}, FRAME_UID)
    items = (
        Landmark("Jane Doe", (1, 2, 3)),
        CutPlane("Doe plane", (0, 0, 0), (0, 0, 1), spared=("DOE^JANE",)),
        StructureVolume("Volume of Jane", "DOE^JANE", 12.0, (0, 0, 0)),
    )
    shown = Shown(anatomy, Plan(FRAME_UID, items, notes="Jane's heart"), ViewState(), 1)
    told = json.dumps([structures_message(shown), plan_message(shown)]).lower()
    assert "jane" not in told
    assert "doe" not in told
    assert "landmark 1 (name hidden)" in told
    plan = plan_message(shown)
    key = structures_message(shown)["structures"][0]["key"]  # type: ignore[index]
    assert plan["planes"][0]["spared"] == [key]  # type: ignore[index]
    assert shown.names.key_of(key) == "DOE^JANE"
    assert "typed names" in structures_message(shown)["not_shown"][0]  # type: ignore[index]
    allowed = plan_message(replace(shown, has_names=True))
    assert allowed["labels"][0]["text"] == "Jane Doe"  # type: ignore[index]
    assert (
        Names(anatomy, shown.plan).cleaned("cannot move “Doe plane”")
        == "cannot move “Cut plane 1 (name hidden)”"
    )


def test_a_heart_that_moves_is_told_a_few_times_a_second_and_the_newest_phase_last() -> None:
    told: list[str] = []
    began_s = time.monotonic()

    async def run() -> None:
        pace = Pace(asyncio.get_running_loop())
        for phase in range(30):
            pace.offer("heart", frozenset([str(phase)]), lambda phase=phase: told.append(str(phase)))  # type: ignore[misc]
            await asyncio.sleep(0.005)
        await asyncio.sleep(SURFACES_PAUSE_S)
        n_told = len(told)
        pace.offer("heart", frozenset(["29"]), lambda: told.append("a look"))
        pace.offer("heart", frozenset(["30"]), lambda: told.append("30"))
        pace.offer("other", frozenset(["a"]), lambda: told.append("another patient"))
        assert told[n_told:] == ["a look", "another patient"] or told[n_told:] == [
            "a look",
            "30",
            "another patient",
        ]
        pace.close()

    asyncio.run(run())
    assert told[0] == "0"
    assert "29" in told
    assert len(told) <= 6 + (time.monotonic() - began_s) / SURFACES_PAUSE_S


def test_surfaces_of_a_moment_ago_are_served_and_those_of_another_patient_are_not() -> None:
    async def run() -> None:
        packing = Packing()
        first, second = sources_of(_shown()), sources_of(_shown())
        packing.show("heart", first)
        packing.show("heart", second)
        for name in (*first, *second):
            assert packing.knows(name)
        packed = await packing.packed(next(iter(first)))
        assert packed is not None
        assert packed.is_closed
        assert packed.centre_mm == pytest.approx(CENTRE_MM)
        waiting = [asyncio.ensure_future(packing.packed(name)) for name in second]
        await asyncio.sleep(0)
        packing.show("other", {})
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        # The one that was being packed already is finished; the one that waited is not begun.
        assert isinstance(answers[1], KeyError)
        with pytest.raises(KeyError):
            await packing.packed(next(iter(first)))
        packing.close()

    asyncio.run(run())
