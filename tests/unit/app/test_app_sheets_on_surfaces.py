"""What the sheets read from and measure on surfaces, on bodies whose walls and widths are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from app.measuring import items_to_json
from app.sheets.from_surfaces import begun, smooth_ring
from app.sheets.joining import between, joined
from app.sheets.on_surfaces import measured_on, septum_readings
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from plan.items import Appendage, MitralAnnulus, SeptalPatch, ThoracicAorta, Ventricles, VirtualValve, as_point
from plan.plan import Plan
from plan.readings import readings
from plan.schema import plan_from_json, plan_to_json
from tests.support.moving_ball import moving_ball
from tests.support.stacked_heart import RING_MM, stacked_heart


def _read(found: tuple) -> dict:
    return {one.key: one for one in found}


def test_the_ring_of_a_shared_wall_is_found_where_it_is_and_separate_bodies_have_none() -> None:
    heart = stacked_heart()
    ring = between(heart, "la", "lv")
    assert ring is not None
    assert np.hypot(ring[:, 0], ring[:, 1]) == pytest.approx(RING_MM, abs=0.01)
    assert ring[:, 2] == pytest.approx(0.0, abs=1e-9)
    assert between(heart, "la", "aorta") is None
    moved = replace(
        heart,
        surfaces={
            **heart.surfaces,
            "la": SurfaceMesh(heart.surfaces["la"].vertices + 1e-3, heart.surfaces["la"].faces),
        },
    )
    assert between(moved, "la", "lv") is None


def test_two_bodies_with_a_shared_wall_are_one_without_it() -> None:
    heart = stacked_heart()
    one, other = heart.surfaces["la"], heart.surfaces["lv"]
    both = joined(one, other)
    assert both.is_closed
    assert both.volume_ml == pytest.approx(one.volume_ml + other.volume_ml)
    assert len(both.faces) < len(one.faces) + len(other.faces)
    ball = SurfaceMesh(trimesh.creation.icosphere(2, 5.0).vertices + 300.0, trimesh.creation.icosphere(2).faces)
    assert joined(one, ball) is one


def test_a_smoothed_ring_keeps_its_size_and_loses_its_steps() -> None:
    turn = 2 * np.pi * np.arange(200) / 200
    unrest = 0.4 * (-1.0) ** np.arange(200)
    rough = np.stack([(20 + unrest) * np.cos(turn), (14 + unrest) * np.sin(turn), 3 * np.cos(2 * turn)], axis=1)
    ring = smooth_ring(rough, 64)
    assert np.abs(ring[:, 0]).max() == pytest.approx(20.0, abs=0.15)
    assert np.abs(ring[:, 1]).max() == pytest.approx(14.0, abs=0.15)
    assert ring[:, 2].max() == pytest.approx(3.0, abs=0.1)


def test_a_mitral_sheet_begins_whole_and_a_valve_needs_it() -> None:
    heart = stacked_heart()
    plan = Plan()
    with pytest.raises(PlannerError, match="mitral annulus first"):
        begun(VirtualValve, plan, heart)
    annulus, told = begun(MitralAnnulus, plan, heart)
    assert told is not None
    assert "guessed" in told.why
    found = _read(readings(annulus, plan))
    assert found["ring_area_mm2"].value == pytest.approx(np.pi * RING_MM**2, rel=0.01)
    # The aorta lies in front of the ring (-y); the patient's left is +x.
    assert annulus.lateral_trigone_mm[0] == pytest.approx(RING_MM * np.sin(np.radians(42)), abs=1.0)
    assert annulus.lateral_trigone_mm[1] < 0.0
    assert annulus.medial_trigone_mm[0] == pytest.approx(-annulus.lateral_trigone_mm[0], abs=1.0)
    # What hangs on the guess says so until a person has placed both.
    assert found["intertrigonal_mm"].note == found["d_area_mm2"].note == "guessed: place the trigones"
    assert found["d_area_mm2"].text.endswith("mm², guessed: place the trigones")
    assert found["d_area_mm2"].short.endswith("mm², guessed")
    assert found["ring_area_mm2"].note == ""
    again = plan_from_json(plan_to_json(plan.with_item(annulus))).items[0]
    assert again == annulus
    half = replace(annulus, lateral_trigone_mm=as_point(np.add(annulus.lateral_trigone_mm, 0.4)))
    assert _read(readings(half, plan))["d_area_mm2"].note
    placed = replace(half, medial_trigone_mm=as_point(np.subtract(annulus.medial_trigone_mm, 0.4)))
    assert not any(one.note for one in readings(placed, plan))
    valve, _ = begun(VirtualValve, plan.with_item(annulus), heart)
    assert valve.annulus_id == annulus.item_id
    assert valve.diameter_mm == round(found["d_area_diameter_mm"].value)


def test_a_sheet_without_a_reconstruction_begins_empty_and_says_what_it_lacks() -> None:
    for kind in (MitralAnnulus, Appendage, ThoracicAorta, SeptalPatch, Ventricles):
        item, told = begun(kind, Plan(), None)
        assert told is None
        for one in measured_on(item, Plan(), None).readings:
            assert one.value is None
            assert one.why_not


def test_the_septum_between_two_flat_walls_is_as_thick_as_they_are_apart() -> None:
    def slab(x: float) -> SurfaceMesh:
        box = trimesh.creation.box((20.0, 80.0, 80.0)).subdivide()
        return SurfaceMesh(box.vertices + [x, 0.0, 0.0], box.faces)

    heart = Anatomy({"lv": slab(15.0), "rv": slab(-14.5)})
    turn = 2 * np.pi * np.arange(12) / 12
    rim = np.stack([np.full(12, 2.0), 10 * np.cos(turn), 10 * np.sin(turn)], axis=1)
    found = _read(septum_readings(rim, heart))
    assert found["septum_mean_mm"].value == pytest.approx(9.5, abs=0.01)
    assert found["septum_most_mm"].value == pytest.approx(9.5, abs=0.01)
    far = _read(septum_readings(rim + [60.0, 0.0, 0.0], heart))
    assert "not between" in far["septum_mean_mm"].why_not


def test_a_patch_on_a_surface_follows_it() -> None:
    ball = trimesh.creation.icosphere(4, 25.0)
    turn = 2 * np.pi * np.arange(16) / 16
    rim = np.stack([15 * np.cos(turn), np.full(16, -20.0), 15 * np.sin(turn)], axis=1)
    item = SeptalPatch("P", tuple(as_point(place) for place in rim), 0.0)
    free = measured_on(item, Plan(), None)
    laid = measured_on(item, Plan(), Anatomy({"lv": SurfaceMesh(ball.vertices, ball.faces)}))
    assert free.pattern.skin.area_mm2 == pytest.approx(np.pi * 225, rel=0.006)
    assert laid.pattern.is_draped
    assert laid.pattern.skin.area_mm2 == pytest.approx(2 * np.pi * 25 * 5, rel=0.01)
    assert (
        _read(laid.readings)["flat_most_percent"].value > 1.0 > _read(free.readings)["flat_most_percent"].value
    )


def test_the_ventricles_of_a_moving_heart_eject_what_its_volumes_say() -> None:
    moving = moving_ball("", 8)
    found = _read(measured_on(Ventricles("V"), Plan(), None, moving).readings)
    ejected = moving.ejection("lv")
    assert found["lv_diastole_ml"].value == pytest.approx(ejected.end_diastolic_ml)
    assert found["lv_systole_ml"].value == pytest.approx(ejected.end_systolic_ml)
    assert found["lv_ejection_fraction_percent"].value == pytest.approx(ejected.fraction_percent)


def test_the_command_line_writes_what_a_sheet_measures_on_surfaces() -> None:
    heart = stacked_heart("1.2")
    body = Ventricles("V", 180.0, 80.0)
    (written,) = items_to_json(Plan("1.2", (body,)), 0.75, heart)
    values = {one["key"]: one["value"] for one in written["measures"]}
    assert values["lv_volume_ml"] == pytest.approx(heart.surfaces["lv"].volume_ml)
    assert values["lv_volume_per_m2_ml"] == pytest.approx(values["lv_volume_ml"] / values["body_surface_m2"])
    (alone,) = items_to_json(Plan("1.2", (VirtualValve("Valve", "gone"),)), 0.75)
    assert all("no longer in the plan" in one["why_not"] for one in alone["measures"])
