"""The physical scanners obey their physics, put things where they are, and no training knows of them."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import recon
from recon.anatomy.patient import sample_patient
from recon.anatomy.tissues import VALUE
from recon.simulate.independent.attenuation import BASES, Iodine, densities
from recon.simulate.independent.ct import CtScan, render_ct, scan_slices
from recon.simulate.independent.field import Field
from recon.simulate.independent.mr import MrScan, acquire_slice, render_lge, render_mr
from recon.simulate.independent.relaxation import (
    BLOOD,
    FAT,
    HEART,
    Relaxation,
    balanced_signal,
    inversion_signal,
    null_time_ms,
    with_agent,
)

FIELD = Field(size_mm=96.0, n_pixels=48, n_slices=1)
BRIGHT = CtScan(photons_per_ray=1e9, n_angles=100)
CENTRE_XY_MM, RADIUS_MM = (5.0, -7.0), 28.0


def _axis_mm(n: int) -> np.ndarray:
    """Positions of the centres of n points across the field; 0 is its middle."""
    return (np.arange(n) - (n - 1) / 2.0) * FIELD.size_mm / n


def _cylinder(n: int) -> np.ndarray:
    axis = _axis_mm(n)
    return np.hypot(axis[:, None] - CENTRE_XY_MM[1], axis - CENTRE_XY_MM[0]) < RADIUS_MM


def _scan(content: np.ndarray, scan: CtScan = BRIGHT) -> np.ndarray:
    """HU (48, 48) of a cylinder of these base materials (bases,) in air."""
    fine = _cylinder(FIELD.finer * FIELD.n_pixels)[None, ..., None] * content.astype(np.float32)
    return scan_slices(lambda run: fine[run], FIELD, scan, np.random.default_rng(0))[0]


def _within(margin_mm: float) -> np.ndarray:
    axis = _axis_mm(FIELD.n_pixels)
    return np.hypot(axis[:, None] - CENTRE_XY_MM[1], axis - CENTRE_XY_MM[0]) < RADIUS_MM - margin_mm


WATER = np.eye(len(BASES))[BASES.index("water")]


@pytest.fixture(scope="module")
def water_hu() -> np.ndarray:
    return _scan(WATER)


def test_water_is_zero_and_air_minus_a_thousand_hounsfield_units(water_hu: np.ndarray) -> None:
    hu = water_hu
    assert np.abs(hu[_within(5.0)].mean()) < 3.0
    assert hu[_within(5.0)].std() < 8.0
    axis = _axis_mm(48)
    air = ~_within(-8.0) & (np.hypot(axis[:, None], axis) < 45.0)
    assert hu[air].mean() == pytest.approx(-1000.0, abs=5.0)


def test_the_edge_of_a_cylinder_is_where_it_was_put(water_hu: np.ndarray) -> None:
    hu = water_hu
    axis = _axis_mm(48)
    row = hu[int(np.argmin(np.abs(axis - CENTRE_XY_MM[1])))]
    column = hu[:, int(np.argmin(np.abs(axis - CENTRE_XY_MM[0])))]
    for profile, centre in ((row, CENTRE_XY_MM[0]), (column, CENTRE_XY_MM[1])):
        inside = np.flatnonzero(profile > -500.0)
        for i, j, sign in ((inside[0] - 1, inside[0], -1.0), (inside[-1], inside[-1] + 1, 1.0)):
            at = axis[i] + (axis[j] - axis[i]) * (-500.0 - profile[i]) / (profile[j] - profile[i])
            # The nearest row passes up to half a pixel beside the middle, which moves the edge by < 0.02 mm.
            assert at == pytest.approx(centre + sign * RADIUS_MM, abs=0.5 * FIELD.pixel_mm)


def test_four_times_the_photons_halve_the_noise(water_hu: np.ndarray) -> None:
    few, many = (_scan(WATER, CtScan(photons_per_ray=p, n_angles=100)) for p in (2e4, 8e4))
    noise = [(image - water_hu)[_within(5.0)].std() for image in (few, many)]
    assert noise[0] / noise[1] == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize(
    ("tissue", "low", "high"), [("heart_fat", -130.0, -70.0), ("muscle", 30.0, 70.0), ("effusion", 0.0, 25.0)]
)
def test_tissues_have_the_hounsfield_units_of_textbooks(tissue: str, low: float, high: float) -> None:
    content = densities(Iodine())[VALUE[tissue]]
    assert low < _scan(content)[_within(6.0)].mean() < high


def test_a_milligram_of_iodine_per_ml_adds_about_twenty_six_hounsfield_units() -> None:
    plain, enhanced = (
        _scan(densities(Iodine(left=mg))[VALUE["aorta"]])[_within(6.0)].mean() for mg in (0.0, 5.0)
    )
    assert (enhanced - plain) / 5.0 == pytest.approx(27.0, abs=6.0)


def _bloch(tissue: Relaxation, repetition_ms: float, flip_deg: float, off_hz: float) -> float:
    """Steady state by iterating the Bloch equations pulse by pulse, with pulses alternating in sign."""
    m = np.array((0.0, 0.0, 1.0))
    half = 0.5 * repetition_ms
    e1, e2 = np.exp(-half / tissue.t1_ms), np.exp(-half / tissue.t2_ms)
    turn = 2.0 * np.pi * off_hz * half * 1e-3
    around_z = np.array(((np.cos(turn), -np.sin(turn), 0.0), (np.sin(turn), np.cos(turn), 0.0), (0, 0, 1.0)))

    def relax(m: np.ndarray) -> np.ndarray:
        return np.diag((e2, e2, e1)) @ around_z @ m + np.array((0.0, 0.0, 1.0 - e1))

    for k in range(4000):
        a = np.radians(flip_deg) * (-1) ** k
        around_x = np.array(((1.0, 0, 0), (0, np.cos(a), np.sin(a)), (0, -np.sin(a), np.cos(a))))
        echo = relax(around_x @ m)
        m = relax(echo)
    return float(np.hypot(echo[0], echo[1]))


@pytest.mark.parametrize("off_hz", [0.0, 60.0, 150.0])
def test_the_balanced_signal_is_the_steady_state_of_the_bloch_equations(off_hz: float) -> None:
    for tissue in (BLOOD, HEART):
        ours = abs(balanced_signal(tissue, 3.2, 60.0, off_hz)) / tissue.density
        assert ours == pytest.approx(_bloch(tissue, 3.2, 60.0, off_hz), rel=0.01)


def test_blood_to_muscle_on_resonance_equals_the_closed_formula() -> None:
    """M0 sin a (1 - E1) / (1 - (E1 - E2) cos a - E1 E2) exp(-TE / T2)."""

    def closed(tissue: Relaxation) -> float:
        e1, e2 = np.exp(-3.2 / tissue.t1_ms), np.exp(-3.2 / tissue.t2_ms)
        a = np.radians(60.0)
        steady = np.sin(a) * (1.0 - e1) / (1.0 - (e1 - e2) * np.cos(a) - e1 * e2)
        return float(tissue.density * steady * np.exp(-1.6 / tissue.t2_ms))

    ours = balanced_signal(BLOOD, 3.2, 60.0, 0.0) / balanced_signal(HEART, 3.2, 60.0, 0.0)
    assert ours == pytest.approx(closed(BLOOD) / closed(HEART), rel=1e-9)
    assert ours > 2.5


def test_the_signal_vanishes_half_a_turn_off_resonance_and_fat_opposes_water() -> None:
    half_turn_hz = 0.5 / 3.2e-3
    assert abs(balanced_signal(BLOOD, 3.2, 60.0, half_turn_hz)) < 0.1 * balanced_signal(BLOOD, 3.2, 60.0, 0.0)
    assert balanced_signal(FAT, 3.2, 60.0, 0.0) < 0 < balanced_signal(BLOOD, 3.2, 60.0, 0.0)


def test_muscle_is_nulled_at_its_null_time_and_scar_and_blood_are_not() -> None:
    muscle = with_agent(HEART, 0.38)
    time_ms = null_time_ms(muscle.t1_ms, 1600.0)
    assert 150.0 < time_ms < 350.0
    assert inversion_signal(muscle, time_ms, 1600.0, 1.5) == pytest.approx(0.0, abs=1e-12)
    blood, scar = with_agent(BLOOD, 0.55), with_agent(HEART, 0.75)
    assert inversion_signal(scar, time_ms, 1600.0, 1.5) > inversion_signal(blood, time_ms, 1600.0, 1.5) > 0.05


def test_an_mr_edge_is_where_it_was_painted_and_rings_as_a_cut_k_space_does() -> None:
    signal = np.zeros((128, 128))
    signal[:, 41:87] = 1.0
    image = acquire_slice(signal, np.ones((1, 128, 128)), 64, 0.0, np.random.default_rng(0))[32]
    inside = np.flatnonzero(image > 0.5)
    i = inside[0]
    at = i - 1 + (0.5 - image[i - 1]) / (image[i] - image[i - 1])
    # Painted points 41.. are bright, so the edge lies at 40.5 of them, and two of them make one pixel.
    assert at == pytest.approx(40.5 / 2.0, abs=0.5)
    assert image.max() == pytest.approx(1.09, abs=0.05)


def test_noise_of_one_coil_follows_rayleighs_law_where_there_is_no_signal() -> None:
    signal = np.zeros((256, 256))
    signal[:, :64] = 1.0
    rng = np.random.default_rng(1)
    image = acquire_slice(signal, np.ones((1, 256, 256)), 128, 0.05, rng)
    peak = acquire_slice(signal, np.ones((1, 256, 256)), 128, 0.0, rng).max()
    empty = image[:, 60:100]
    assert empty.mean() == pytest.approx(0.05 * peak * np.sqrt(np.pi / 2.0), rel=0.05)


def test_a_patient_in_both_scanners_has_bright_blood_dark_muscle_and_one_truth() -> None:
    patient = sample_patient(4)
    where = Field(size_mm=180.0, n_pixels=36, step_mm=10.0, n_slices=13)
    images = {
        "ct": render_ct(patient, "1.2", where, CtScan(n_angles=40)),
        "mr": render_mr(patient, "1.2", where, MrScan(off_resonance_hz=20.0)),
        "lge": render_lge(patient, "1.2", where),
    }
    for name, found in images.items():
        assert found.image.shape == found.truth.shape, name
        assert np.array_equal(found.image.patient_from_index, found.truth.patient_from_index)
        assert np.array_equal(found.truth.labels, images["ct"].truth.labels)
        voxels = found.image.voxels
        blood, muscle = (np.median(voxels[found.truth.mask(key)]) for key in ("lv", "lv_myocardium"))
        assert blood > 1.5 * muscle, name
    again = render_mr(patient, "1.2", where, MrScan(off_resonance_hz=20.0))
    assert np.array_equal(again.image.voxels, images["mr"].image.voxels)


def test_nothing_but_scores_imports_the_physical_scanners() -> None:
    root = Path(str(recon.__file__)).parent
    importers = []
    for path in root.rglob("*.py"):
        if "independent" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += (
                [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            )
            importers += [path.name for name in names if "independent" in name]
    assert importers == []
