"""Landmarks are told where images show them, the network is sure and the labels agree; otherwise they are absent."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.anatomy import HEART_BY_KEY, LANDMARKS
from recon.inference import region_of
from recon.landmarks import BELONGS_TO, told_landmarks
from recon.networks.landmarks import FoundLandmark
from recon.networks.output import NetworkOutput
from recon.sampling import patient_grid

N, SPACING_MM = 48, 2.5
GRID = patient_grid(np.array((5.0, -8.0, 40.0)), N, SPACING_MM)
VALVE = np.array((24.0, 24.0, 24.0))
DOWN = np.array((0.0, 0.0, -1.0))


def _labels() -> np.ndarray:
    """A left ventricle below the valve (towards the feet) and an atrium above it."""
    labels = np.zeros((N, N, N), dtype=np.uint8)
    labels[10:24, 16:32, 16:32] = HEART_BY_KEY["lv"].value
    labels[24:34, 16:32, 16:32] = HEART_BY_KEY["la"].value
    return labels


def _place(index: np.ndarray) -> np.ndarray:
    return GRID[:3, :3] @ index + GRID[:3, 3]


def _told(one: FoundLandmark, shown: np.ndarray | None = None, key: str = "mitral_valve"):  # type: ignore[no-untyped-def]
    everything = np.ones((N, N, N), dtype=bool)
    return told_landmarks({key: one}, _labels(), everything if shown is None else shown, GRID)


def test_every_landmark_says_to_which_structures_it_belongs() -> None:
    assert set(BELONGS_TO) == {kind.key for kind in LANDMARKS}


def test_a_sure_valve_between_its_chambers_is_told_with_direction_and_deviation() -> None:
    told = _told(FoundLandmark(_place(VALVE), 2.5, DOWN))
    assert told.positions["mitral_valve"] == pytest.approx(_place(VALVE))
    assert told.directions["mitral_valve"] == pytest.approx(DOWN)
    assert told.report == {"landmarks": {"mitral_valve": {"sd_mm": 2.5, "source": "network"}}}
    assert told.findings == ()


def test_what_comes_from_the_shape_is_said_with_its_deviation() -> None:
    told = _told(FoundLandmark(_place(VALVE), 4.4, DOWN, "shape"))
    assert told.report == {"landmarks": {"mitral_valve": {"sd_mm": 4.4, "source": "shape"}}}
    assert [finding.code for finding in told.findings] == ["landmarks-from-shape"]
    assert "Mitral valve, centre (4 mm)" in told.findings[0].why


@pytest.mark.parametrize("index", [(24.0, 24.0, 60.0), (-9.0, 24.0, 24.0)])
def test_what_lies_beyond_the_grid_is_absent(index: tuple[float, float, float]) -> None:
    told = _told(FoundLandmark(_place(np.array(index)), 2.5, DOWN))
    assert (dict(told.positions), dict(told.directions), told.findings) == ({}, {}, ())
    assert told.report["landmarks_left_out"] == {"mitral_valve": "not in the images"}


def test_what_no_image_shows_is_absent() -> None:
    shown = np.ones((N, N, N), dtype=bool)
    shown[20:28] = False
    assert not _told(FoundLandmark(_place(VALVE), 2.5, DOWN), shown).positions


def test_what_the_network_is_unsure_of_is_absent() -> None:
    told = _told(FoundLandmark(_place(VALVE), 14.0, DOWN))
    assert not told.positions
    assert told.report["landmarks_left_out"] == {"mitral_valve": "unsure by 14 mm"}


def test_a_valve_away_from_its_chambers_is_left_out_with_a_finding() -> None:
    told = _told(FoundLandmark(_place(np.array((40.0, 24.0, 24.0))), 2.5, DOWN))
    assert not told.positions
    assert [finding.code for finding in told.findings] == ["landmark-out-of-place"]
    assert "mm from the left atrium" in told.findings[0].why


def test_a_direction_against_the_blood_is_left_out_and_its_place_kept() -> None:
    told = _told(FoundLandmark(_place(VALVE), 2.5, -DOWN))
    assert set(told.positions) == {"mitral_valve"}
    assert told.directions == {}


def test_heat_maps_of_a_network_become_landmarks_of_a_region() -> None:
    """From the network's own output, batch and half grid included, to millimetres of the patient."""
    half = N // 2
    axis = torch.arange(half, dtype=torch.float32)
    # Voxel i of the half grid covers 2i and 2i + 1 of the full one.
    peak = (torch.tensor(VALVE, dtype=torch.float32) - 0.5) / 2.0
    z, y, x = torch.meshgrid(axis, axis, axis, indexing="ij")
    heat = -0.5 * ((z - peak[0]) ** 2 + (y - peak[1]) ** 2 + (x - peak[2]) ** 2)
    way = torch.tensor(DOWN, dtype=torch.float32).reshape(1, 3, 1, 1, 1).expand(1, 3, half, half, half)
    logits = torch.zeros(1, 8, N, N, N)
    output = NetworkOutput(logits, None, heat[None, None], 3.0 * way)
    region = region_of(output, torch.ones(N, N, N), GRID, ("mitral_valve",))
    found = region.landmarks["mitral_valve"]
    assert found.position_mm == pytest.approx(_place(VALVE), abs=0.2)
    assert found.direction == pytest.approx(DOWN, abs=1e-5)
    assert set(_told(found).positions) == {"mitral_valve"}
