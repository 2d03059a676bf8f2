"""A whole cycle from planes to surfaces that move; an oracle stands in the place of the networks."""

from __future__ import annotations

import numpy as np
import pytest

from core.motion import MovingAnatomy
from core.progress import Silent
from recon.cine.build import build, realign
from recon.cine.curve import function_report
from recon.cine.planes import gather
from recon.mesh_report import mesh_report
from tests.support.cine_study import GRID, HEART, N_PHASES, N, TruthTeller, series_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def moving() -> MovingAnatomy:
    cycle = gather(series_of(), Silent())
    look = TruthTeller(cycle)
    return build(cycle, realign(cycle, look, Silent()), look, "cpu", Silent())


def test_the_moving_surfaces_grow_and_shrink_as_each_phase_shows(moving: MovingAnatomy) -> None:
    start = moving.end_diastole
    for key in ("lv", "rv", "lv_myocardium", "la", "ra"):
        labelled = np.array([label_map.volumes_ml()[key] for label_map in moving.labels])
        moved = moving.volumes_ml[key]
        # Eight phases tell of two harmonics only; the labels are not bound to them.
        assert moved / moved[start] == pytest.approx(labelled / labelled[start], rel=0.04), key
        # On a grid this coarse the mesher itself is off by some percent; it is its own tests that hold it.
        assert moved == pytest.approx(labelled, rel=0.08), key


def test_the_moving_surfaces_stay_whole(moving: MovingAnatomy) -> None:
    assert moving.report["least_jacobian"] > 0.05  # type: ignore[operator]
    for key, surface in moving.surfaces.items():
        for phase in (moving.end_diastole, moving.end_systole):
            report = mesh_report(surface.at(phase))
            assert report.is_closed, key
            assert report.n_self_intersections == 0, key


def test_a_vertex_goes_round_and_comes_back_without_a_leap(moving: MovingAnatomy) -> None:
    vertices = moving.surfaces["lv"].vertices
    steps = np.linalg.norm(np.diff(vertices, axis=0, append=vertices[:1]), axis=2)
    assert steps.max() < 6.0
    assert steps.mean(axis=1).max() > 0.5


def test_end_diastole_end_systole_and_ejection_are_those_of_the_heart(moving: MovingAnatomy) -> None:
    truth = [HEART.truth(GRID, N, phase).volumes_ml()["lv"] for phase in range(N_PHASES)]
    assert moving.end_diastole == 0
    assert moving.end_systole == int(np.argmin(truth))
    ejected = moving.ejection("lv")
    assert ejected is not None
    assert ejected.fraction_percent == pytest.approx(100.0 * (1.0 - min(truth) / max(truth)), abs=3.0)
    right = [HEART.truth(GRID, N, phase).volumes_ml()["rv"] for phase in range(N_PHASES)]
    ejected = moving.ejection("rv")
    assert ejected is not None
    assert ejected.fraction_percent == pytest.approx(100.0 * (1.0 - min(right) / max(right)), abs=3.0)
    function = function_report(moving)
    assert function["lv_mass_g"] == pytest.approx(1.05 * moving.volumes_ml["lv_myocardium"][0], abs=0.1)


def test_one_phase_of_it_is_an_anatomy_in_the_same_space(moving: MovingAnatomy) -> None:
    anatomy = moving.at(3)
    assert anatomy is moving.at(3)
    assert anatomy.frame_of_reference_uid == moving.frame_of_reference_uid
    assert np.array_equal(anatomy.surfaces["lv"].faces, moving.surfaces["lv"].faces)
    assert anatomy.surfaces["lv"].volume_ml == pytest.approx(moving.volumes_ml["lv"][3])
    with pytest.raises(IndexError):
        moving.at(N_PHASES)
