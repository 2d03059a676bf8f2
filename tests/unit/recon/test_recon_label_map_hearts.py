"""A synthetic label map of walls with known cavities: these are closed, filled and measured as they were built."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from core.errors import PlannerError
from recon.anatomy.label_map_closing import (
    AORTA_WALL,
    AORTIC,
    LA_WALL,
    LV_WALL,
    MITRAL,
    OPENINGS,
    PULMONARY,
    PULMONARY_WALL,
    RA_WALL,
    RV_WALL,
    TRICUSPID,
    close_cavities,
)
from recon.anatomy.label_map_file import read_label_map
from recon.anatomy.label_map_lines import sample_extensions
from recon.anatomy.label_map_prepare import FIELDS, PreparedHeart, prepare

SHAPE = (84, 72, 92)
LEFT, RIGHT = np.array([60.0, 40.0, 28.0]), np.array([22.0, 40.0, 28.0])
VENTRICLE, ATRIUM, VESSEL, WALL = 14.0, 12.0, 6.0, 3.0
UP = np.array([0.0, 0.0, 31.0])
VEINS_AT = {
    "appendage": (1.0, 0.0, 0.0),
    "left_lower_vein": (0.6, 0.8, 0.0),
    "left_upper_vein": (0.6, -0.8, 0.0),
    "right_lower_vein": (0.0, 0.8, 0.6),
    "right_upper_vein": (0.0, -0.8, 0.6),
}
PLACES = np.moveaxis(np.indices(SHAPE), 0, -1).astype(float)


def along(start: np.ndarray, way: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far along a line, and how far beside it, each voxel lies."""
    way = way / np.linalg.norm(way)
    ahead = (PLACES - start) @ way
    return ahead, np.linalg.norm(PLACES - start - ahead[..., None] * way, axis=-1)


def add_side(
    labels: np.ndarray, low: np.ndarray, values: tuple[int, int, int], vessel: tuple[int, int]
) -> None:
    """A ventricle, the atrium above it, their valve, and a vessel to the front that is open at its end."""
    lower, upper, valve = values
    wall, vessel_valve = vessel
    for centre, radius, value in ((low, VENTRICLE, lower), (low + UP, ATRIUM, upper)):
        away = np.linalg.norm(PLACES - centre, axis=-1)
        labels[(away >= radius) & (away < radius + WALL)] = value
    ahead, beside = along(low, UP)
    between = (ahead > VENTRICLE - 2.0) & (ahead < UP[2] - ATRIUM + 2.0)
    labels[between & (beside < 8.0)] = lower
    labels[between & (beside < 6.0)] = 0
    labels[(np.abs(ahead - 16.0) < 1.0) & (beside < 6.0)] = valve
    ahead, beside = along(low, np.array([0.0, -1.0, 0.0]))
    inside = (ahead > VENTRICLE - 2.0) & (ahead < 34.0)
    labels[inside & (beside < VESSEL + 2.0)] = wall
    labels[inside & (beside < VESSEL)] = 0
    labels[(np.abs(ahead - 15.0) < 1.0) & (beside < VESSEL)] = vessel_valve


def add_opening(labels: np.ndarray, centre: np.ndarray, way: tuple[float, float, float], name: str) -> None:
    """A hole in an atrium that a thin plane closes, with a ring around it."""
    ahead, beside = along(centre, np.array(way))
    through = (ahead > ATRIUM - 1.0) & (ahead < ATRIUM + WALL + 1.0)
    plane, ring = OPENINGS[name]
    labels[through & (beside < 4.5)] = ring
    labels[through & (beside < 3.0)] = 0
    labels[(np.abs(ahead - ATRIUM - 1.0) < 1.0) & (beside < 3.0)] = plane


def walls() -> np.ndarray:
    """Labels (x, y, z) along LPS of a heart of balls and tubes, steps of one."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    add_side(labels, LEFT, (LV_WALL, LA_WALL, MITRAL), (AORTA_WALL, AORTIC))
    add_side(labels, RIGHT, (RV_WALL, RA_WALL, TRICUSPID), (PULMONARY_WALL, PULMONARY))
    for name, way in VEINS_AT.items():
        add_opening(labels, LEFT + UP, way, name)
    add_opening(labels, RIGHT + UP, (0.0, 0.0, 1.0), "svc")
    add_opening(labels, RIGHT + UP, (0.0, 1.0, 0.0), "ivc")
    return labels


def ball(radius: float) -> float:
    """Its volume."""
    return 4.0 / 3.0 * np.pi * radius**3


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> PreparedHeart:
    """The heart, written by another library at 0.9 mm, read and prepared."""
    affine = np.diag([-0.9, -0.9, 0.9, 1.0])
    image = nibabel.Nifti1Image(walls(), affine)
    image.set_sform(affine, code=1)
    path: Path = tmp_path_factory.mktemp("maps") / "heart_label.nii.gz"
    nibabel.save(image, path)
    labels, step_mm = read_label_map(path)
    np.testing.assert_array_equal(labels, walls())
    return prepare(labels, step_mm)


def test_cavities_are_filled_to_their_walls_and_do_not_overlap() -> None:
    found = close_cavities(walls())
    assert np.stack(list(found.values())).sum(axis=0).max() == 1
    for key, radius in (("lv", VENTRICLE), ("rv", VENTRICLE), ("la", ATRIUM), ("ra", ATRIUM)):
        # Beside the ball: the valve sheet and the short way to it, openings as far as their planes.
        assert found[key].sum() == pytest.approx(ball(radius) + 300.0, abs=500.0), key
    for key in ("aorta", "pulmonary_artery"):
        assert found[key].sum() == pytest.approx(np.pi * VESSEL**2 * 20.0, rel=0.12), key
    for key, centre in (("lv", LEFT), ("la", LEFT + UP), ("rv", RIGHT), ("ra", RIGHT + UP)):
        assert [name for name, mask in found.items() if mask[tuple(centre.astype(int))]] == [key]


def test_valve_sheets_count_with_their_cavities() -> None:
    labels = walls()
    found = close_cavities(labels)
    pairs = ((MITRAL, "lv"), (TRICUSPID, "rv"), (AORTIC, "aorta"), (PULMONARY, "pulmonary_artery"))
    for value, key in pairs:
        assert found[key][labels == value].all()


def test_a_slit_in_a_wall_is_bridged_and_a_hole_is_refused() -> None:
    whole, slit, torn = close_cavities(walls()), walls(), walls()
    slit[57:59, 38:42, 9:15] = 0
    assert close_cavities(slit)["lv"].sum() == pytest.approx(whole["lv"].sum(), rel=0.02)
    _, beside = along(LEFT, np.array([0.0, 0.0, 1.0]))
    torn[(beside < 8.0) & (PLACES[..., 2] < LEFT[2])] = 0
    with pytest.raises(PlannerError, match="cavity lv"):
        close_cavities(torn)


def test_fields_are_distances_in_millimetres_about_the_mitral_valve(prepared: PreparedHeart) -> None:
    assert prepared.step_mm == pytest.approx(1.8)
    mitral_mm = (LEFT + (0.0, 0.0, 16.0)) * 0.9
    index = np.indices(prepared.fields.shape[1:]).reshape(3, -1).T
    places_mm = index * prepared.step_mm + prepared.corner_mm + mitral_mm
    # Below the middle no valve, vein or vessel meets the ventricle.
    below = places_mm[:, 2] < LEFT[2] * 0.9 - 9.0
    away_mm = np.linalg.norm(places_mm - LEFT * 0.9, axis=1)
    for key, radius in (("lv", VENTRICLE), ("lv_epicardium", VENTRICLE + WALL)):
        field = prepared.fields[FIELDS.index(key)].reshape(-1).astype(float)
        near = below & (np.abs(away_mm - radius * 0.9) < 4.0)
        assert (field - away_mm)[near].mean() == pytest.approx(-radius * 0.9, abs=0.3), key
        assert np.abs(field - away_mm + radius * 0.9)[near].max() < 1.2, key


def test_landmarks_lie_where_the_heart_was_built_with_them(prepared: PreparedHeart) -> None:
    at, radii = prepared.points, prepared.radii
    mitral = LEFT + (0.0, 0.0, 16.0)
    expected = {
        "mitral": mitral,
        "tricuspid": RIGHT + (0.0, 0.0, 16.0),
        "aortic": LEFT - (0.0, 15.0, 0.0),
        "pulmonary": RIGHT - (0.0, 15.0, 0.0),
        "svc": RIGHT + UP + (0.0, 0.0, ATRIUM + 1.0),
    }
    for name, place in expected.items():
        assert at[name] == pytest.approx((place - mitral) * 0.9, abs=0.9), name
    # The apex is told amid the last two millimetres of the cavity, not on its end.
    end = (LEFT - (0.0, 0.0, VENTRICLE) - mitral) * 0.9
    assert at["lv_apex"] == pytest.approx(end + (0.0, 0.0, 1.3), abs=1.0)
    assert at["mitral_normal"] == pytest.approx([0.0, 0.0, -1.0], abs=0.02)
    assert at["aortic_normal"] == pytest.approx([0.0, -1.0, 0.0], abs=0.02)
    assert at["svc_out"] == pytest.approx([0.0, 0.0, 1.0], abs=0.05)
    assert radii["mitral"] == pytest.approx(6.0 * 0.9, abs=0.5)
    # Of the slice 0.35 of the way down, whose thickness is a whole number of voxels.
    above_mm = 0.9 * 16.0 - 0.35 * np.linalg.norm(at["lv_apex"])
    assert radii["lv"] == pytest.approx(np.sqrt((VENTRICLE * 0.9) ** 2 - above_mm**2), rel=0.08)
    assert radii["aorta_end"] == pytest.approx(VESSEL * 0.9, rel=0.2)


def test_vessels_go_on_inside_the_stumps(prepared: PreparedHeart) -> None:
    lines = sample_extensions(prepared, np.random.default_rng(4))
    assert {"aorta", "trunk", "svc", "ivc", "appendage", "left_pa", *list(VEINS_AT)[1:]} <= lines.keys()
    for line, stump in (("svc", "svc"), ("left_upper_vein", "left_upper_vein"), ("aorta", "aorta_end")):
        gap_mm = np.linalg.norm(np.asarray(lines[line][0]) - prepared.points[stump], axis=1).min()
        assert gap_mm < 4.5, line
