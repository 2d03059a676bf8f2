"""The spread of a surface between looks is what the looks were moved by, and unknown is not a number."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.mesh import SurfaceMesh
from recon.inference import RegionLogits
from recon.sampling import patient_grid
from recon.scores import scored
from recon.shown import shown
from recon.surface import conformal_surfaces
from recon.uncertainty import FIELD, summary, with_uncertainty

N, SPACING_MM, RADIUS_MM = 40, 2.5, 25.0
CENTRE_MM = np.array((10.0, -20.0, 30.0))
GRID = patient_grid(CENTRE_MM, N, SPACING_MM)


def _look(shift_mm: float, has_distances: bool, observed: torch.Tensor | None = None) -> RegionLogits:
    """A ball of left ventricle, moved along x by so many millimetres."""
    indices = np.indices((N, N, N)).reshape(3, -1).T
    points = indices @ GRID[:3, :3].T + GRID[:3, 3] - CENTRE_MM - (shift_mm, 0.0, 0.0)
    inside = torch.from_numpy((RADIUS_MM - np.linalg.norm(points, axis=1)).reshape(N, N, N).astype(np.float32))
    logits = torch.full((8, N, N, N), -40.0)
    logits[0], logits[1] = 0.0, 0.7 * inside.clamp(-9.0, 9.0)
    distances = torch.full((7, N, N, N), 8.0)
    distances[0] = -inside.clamp(-8.0, 8.0)
    seen = torch.ones(N, N, N) if observed is None else observed
    return RegionLogits(logits, seen, GRID, 1.0, distances if has_distances else None)


def _surface(region: RegionLogits) -> dict[str, SurfaceMesh]:
    return conformal_surfaces(scored(region).scores, GRID, {1: "lv"})


@pytest.mark.parametrize("has_distances", [False, True])
@pytest.mark.parametrize("shift_mm", [0.4, 1.0])
def test_looks_that_are_shifted_spread_the_surface_as_far_along_its_normal(
    shift_mm: float, has_distances: bool
) -> None:
    """Looks at -s, 0 and +s have the standard deviation s, times the cosine between shift and normal."""
    region = _look(0.0, has_distances)
    looks = [_look(shift_mm, has_distances), _look(-shift_mm, has_distances)]
    mesh = with_uncertainty(_surface(region), region, looks)["lv"]
    normals = (mesh.vertices - CENTRE_MM) / np.linalg.norm(mesh.vertices - CENTRE_MM, axis=1, keepdims=True)
    expected = shift_mm * np.abs(normals[:, 0])
    assert np.abs(mesh.fields[FIELD] - expected).max() < 0.12 * shift_mm
    assert np.mean(mesh.fields[FIELD]) == pytest.approx(0.5 * shift_mm, rel=0.05)


def test_looks_that_agree_leave_no_spread() -> None:
    region = _look(0.0, True)
    mesh = with_uncertainty(_surface(region), region, [region, region])["lv"]
    assert mesh.fields[FIELD].max() < 1e-4


def test_what_the_images_do_not_show_is_unknown_and_told_so() -> None:
    observed = torch.ones(N, N, N)
    observed[: N // 2] = 0.0
    region = _look(0.0, False, observed)
    surfaces = with_uncertainty(_surface(region), region, [_look(1.0, False), _look(-1.0, False)])
    below = surfaces["lv"].vertices[:, 2] < CENTRE_MM[2] - SPACING_MM
    above = surfaces["lv"].vertices[:, 2] > CENTRE_MM[2] + SPACING_MM
    assert np.isnan(surfaces["lv"].fields[FIELD][below]).all()
    assert np.isfinite(surfaces["lv"].fields[FIELD][above]).all()
    told = summary(surfaces)
    assert told["uncertainty_unknown_percent"]["lv"] == pytest.approx(50.0, abs=4.0)  # type: ignore[index]
    assert told["uncertainty_mm"]["lv"] == pytest.approx(0.5, abs=0.05)  # type: ignore[index]


def test_what_only_one_look_reaches_is_unknown() -> None:
    region = _look(0.0, False)
    nowhere = RegionLogits(torch.full((8, N, N, N), float("nan")), region.observed, GRID, 1.0)
    mesh = with_uncertainty(_surface(region), region, [nowhere, nowhere])["lv"]
    assert np.isnan(mesh.fields[FIELD]).all()


def test_planes_ten_millimetres_apart_show_what_lies_between_them_and_nothing_beyond() -> None:
    observed = torch.zeros(N, N, N)
    observed[8:29:4] = 1.0
    found = shown(observed, SPACING_MM)
    # The ball that closes the gaps rounds the block's rim.
    assert found[8:29, 4:-4, 4:-4].all()
    assert not found[:8].any()
    assert not found[29:].any()


def test_planes_far_apart_show_only_themselves() -> None:
    observed = torch.zeros(N, N, N)
    observed[[5, 25]] = 1.0
    assert np.array_equal(shown(observed, SPACING_MM), observed.numpy() > 0)


def test_the_view_of_a_stack_is_the_stack() -> None:
    observed = torch.zeros(N, N, N)
    observed[3:30, :35, 5:] = 1.0
    assert np.array_equal(shown(observed, SPACING_MM), observed.numpy() > 0)
