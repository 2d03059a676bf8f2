"""All frames of a real cine study as one moving heart. Minutes on two cores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.moving import as_cine
from core.motion import MovingAnatomy
from core.progress import Silent
from imaging.find.inputs import choose_input
from recon.cine.run import reconstruct_cine

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def moving(real_data: Path) -> MovingAnatomy:
    chosen = choose_input(real_data / "cine-mr" / "dicom", None, Silent())
    return reconstruct_cine("heart", [as_cine(series) for series in chosen.series], "cpu")


def test_every_frame_of_the_study_has_closed_ventricles_with_the_same_triangles(moving: MovingAnatomy) -> None:
    assert moving.n_phases == 25
    assert {"lv", "lv_myocardium", "rv"} <= set(moving.surfaces)
    for phase in (moving.end_diastole, moving.end_systole):
        assert all(mesh.is_closed for mesh in moving.at(phase).surfaces.values())
    assert moving.report["least_jacobian"] > 0.0  # type: ignore[operator]


def test_the_volume_curve_of_the_study_is_one_of_a_living_heart(moving: MovingAnatomy) -> None:
    for key in ("lv", "rv"):
        volumes = moving.volumes_ml[key]
        ejected = moving.ejection(key)
        assert ejected is not None
        assert 20.0 < ejected.fraction_percent < 85.0, key
        assert np.abs(np.diff(volumes, append=volumes[0])).max() < 0.4 * np.ptp(volumes), key


def test_every_slice_of_the_study_is_judged_and_none_is_thrown_far(moving: MovingAnatomy) -> None:
    assert len(moving.shifts) == 11
    assert max(shift.distance_mm for shift in moving.shifts) <= 15.0
