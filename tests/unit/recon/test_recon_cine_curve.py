"""What the volumes through the cycle say, and which curves no heart makes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.motion import MovingAnatomy, MovingSurface
from recon.cine.curve import curve_findings, motion_findings


def ball(radii_mm: Sequence[float]) -> MovingSurface:
    import trimesh

    sphere = trimesh.creation.icosphere(subdivisions=2)
    vertices = np.asarray(sphere.vertices)
    return MovingSurface(np.array([radius * vertices for radius in radii_mm]), np.asarray(sphere.faces))


def codes(lv_mm: Sequence[float], rv_mm: Sequence[float], times_ms: tuple[float, ...] = ()) -> set[str]:
    surfaces = {"lv": ball(lv_mm), "rv": ball(rv_mm)}
    start, end = int(np.argmax(lv_mm)), int(np.argmin(lv_mm))
    found = curve_findings(MovingAnatomy(surfaces, "1.2", start, end, times_ms))
    return {finding.code for finding in found}


def smooth_radii(large: float, small: float, n: int = 24) -> np.ndarray:
    beat = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n) / n)
    return np.cbrt(large**3 + (small**3 - large**3) * beat)


def test_a_healthy_curve_raises_no_finding() -> None:
    times = tuple(np.arange(24) * 40.0)
    assert codes(smooth_radii(30, 23), smooth_radii(31, 24.6), times) == set()


def test_curves_that_no_heart_makes_are_told() -> None:
    healthy = smooth_radii(30, 23)
    assert "implausible-ef" in codes(smooth_radii(30, 29.9), smooth_radii(30, 29.9))
    assert "unlike-strokes" in codes(healthy, smooth_radii(30, 29))
    jumping = healthy.copy()
    jumping[3] = 24.0
    assert "volume-jump" in codes(jumping, healthy)
    late = tuple(np.arange(24) * 40.0)
    assert "late-diastole" in codes(np.roll(healthy, 8), healthy, late)


def test_surfaces_that_eject_otherwise_than_their_labels_are_told() -> None:
    radii = smooth_radii(30, 23)
    moving = MovingAnatomy({"lv": ball(radii)}, "1.2", 0, 12)
    volumes = moving.volumes_ml["lv"]
    assert motion_findings(moving, {"lv": volumes * 1.04}, 0.4) == (), "the share is the same"
    emptied = np.where(np.arange(24) == 12, 0.93 * volumes, volumes)
    codes = [finding.code for finding in motion_findings(moving, {"lv": emptied}, 0.4)]
    assert codes == ["motion-off", "unlike-ef"]
    assert [finding.code for finding in motion_findings(moving, {"lv": volumes}, -0.1)] == ["motion-folds"]
