from __future__ import annotations

import numpy as np
import pytest

from core.anatomy import HEART, HEART_BY_KEY, HEART_NAMES, Anatomy
from core.mesh import SurfaceMesh


def triangle(offset: float) -> SurfaceMesh:
    corners = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 2]]) + offset
    return SurfaceMesh(corners, np.array([[0, 1, 2]]))


def test_the_seven_structures_have_the_keys_and_values_of_the_file_formats() -> None:
    keys = ["lv", "lv_myocardium", "rv", "la", "ra", "aorta", "pulmonary_artery"]
    assert [(kind.value, kind.key) for kind in HEART] == list(enumerate(keys, start=1))
    assert dict(HEART_NAMES) == {kind.value: kind.key for kind in HEART}
    assert HEART_BY_KEY["la"].title == "Left atrium"


def test_codes_and_colours_tell_structures_apart() -> None:
    assert len({kind.snomed for kind in HEART}) == len(HEART)
    assert len({kind.colour for kind in HEART}) == len(HEART)
    assert all(0.0 <= part <= 1.0 for kind in HEART for part in kind.colour)


def test_bounds_span_all_surfaces_and_pass_over_empty_ones() -> None:
    empty = SurfaceMesh(np.zeros((0, 3)), np.zeros((0, 3)))
    anatomy = Anatomy({"lv": triangle(0.0), "rv": triangle(5.0), "la": empty})
    assert anatomy.bounds_mm.tolist() == [[0, 0, 0], [6, 6, 7]]


def test_nothing_has_no_bounds() -> None:
    with pytest.raises(ValueError, match="no bounds"):
        _ = Anatomy({}).bounds_mm
