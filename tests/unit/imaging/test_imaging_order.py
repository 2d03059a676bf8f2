"""Slices are ordered and judged by their positions alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.frames import rotation_from_vector
from imaging.slices.order import fit_stack, is_orientation, stack_axes, stack_findings

angle = st.floats(-3.0, 3.0)
coordinate = st.floats(-500.0, 500.0)


def stack(rotation: np.ndarray, origin: np.ndarray, step_mm: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Orientation (6,) and positions (n, 3) of an even stack, made without the code under test."""
    return np.concatenate([rotation[:, 0], rotation[:, 1]]), origin + step_mm * np.outer(
        np.arange(n), rotation[:, 2]
    )


def codes(positions: np.ndarray, orientation: np.ndarray) -> list[str]:
    return [finding.code for finding in stack_findings(fit_stack(positions, orientation))]


@settings(deadline=None)
@given(
    vector=st.tuples(angle, angle, angle),
    origin=st.tuples(coordinate, coordinate, coordinate),
    step_mm=st.floats(0.2, 20.0),
    permutation=st.integers(2, 12).flatmap(lambda n: st.permutations(range(n))),
)
def test_any_shuffle_of_an_even_stack_is_put_back(
    vector: tuple[float, ...], origin: tuple[float, ...], step_mm: float, permutation: list[int]
) -> None:
    rotation = rotation_from_vector(np.array(vector))
    orientation, positions = stack(rotation, np.array(origin), step_mm, len(permutation))
    fit = fit_stack(positions[permutation], orientation)
    assert [permutation[i] for i in fit.order] == list(range(len(permutation)))
    assert stack_findings(fit) == ()
    np.testing.assert_allclose(fit.step_mm, step_mm * rotation[:, 2], atol=1e-9)
    np.testing.assert_allclose(fit.origin_mm, origin, atol=1e-9)


@settings(deadline=None)
@given(vector=st.tuples(angle, angle, angle), n=st.integers(5, 20), data=st.data())
def test_a_missing_slice_is_always_noticed(vector: tuple[float, ...], n: int, data: st.DataObject) -> None:
    orientation, positions = stack(rotation_from_vector(np.array(vector)), np.zeros(3), 3.0, n)
    missing = data.draw(st.integers(1, n - 2))
    assert codes(np.delete(positions, missing, axis=0), orientation) == ["missing_slices"]


@settings(deadline=None)
@given(lean_deg=st.floats(0.5, 30.0))
def test_gantry_tilt_is_measured_from_positions(lean_deg: float) -> None:
    orientation, positions = stack(np.eye(3), np.zeros(3), 5.0, 10)
    positions[:, 1] += positions[:, 2] * np.tan(np.radians(lean_deg))
    fit = fit_stack(positions, orientation)
    assert fit.tilt_deg == pytest.approx(lean_deg)
    assert codes(positions, orientation) == ["gantry_tilt"]


def test_a_slice_beside_the_line_is_noticed() -> None:
    orientation, positions = stack(np.eye(3), np.zeros(3), 5.0, 10)
    positions[4, 0] += 0.5
    assert codes(positions, orientation) == ["shifted_slices"]


def test_a_change_of_spacing_is_noticed_and_its_range_told() -> None:
    orientation = np.array([1.0, 0, 0, 0, 1, 0])
    along = np.array([0.0, 5.0, 10.0, 13.0, 16.0])
    positions = np.outer(along, (0.0, 0.0, 1.0))
    (finding,) = stack_findings(fit_stack(positions, orientation))
    assert finding.code == "uneven_spacing"
    assert "from 3.00 to 5.00 mm" in finding.why


def test_two_slices_in_one_place_are_noticed() -> None:
    orientation, positions = stack(np.eye(3), np.zeros(3), 5.0, 4)
    assert codes(np.concatenate([positions, positions[:1]]), orientation) == ["repeated_position"]


def test_positions_rounded_to_a_tenth_of_a_millimetre_are_still_one_stack() -> None:
    orientation, positions = stack(np.eye(3), np.zeros(3), 0.625, 40)
    assert codes(positions.round(1), orientation) == []


def test_the_index_axes_of_an_axial_image_go_to_the_head_the_back_and_the_left() -> None:
    assert stack_axes((1, 0, 0, 0, 1, 0)).T.tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize(
    "cosines", [(1, 0, 0, 1, 0, 0), (0, 0, 0, 0, 1, 0), (2, 0, 0, 0, 1, 0), (1, 0, 0, 0, np.nan, 0), (1, 0, 0)]
)
def test_cosines_that_are_no_two_perpendicular_units_are_no_orientation(cosines: tuple[float, ...]) -> None:
    assert not is_orientation(cosines)
