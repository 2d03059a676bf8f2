"""The septum of a healthy heart is whole up to its base, where the outflow runs beside the right ventricle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from core.anatomy import HEART_BY_KEY
from recon.anatomy.patient import paint_grid, sample_patient, target_of
from recon.sampling import patient_grid

SPACING_MM = 1.5


@pytest.mark.parametrize("seed", [2000600, 2000001])
def test_blood_of_the_two_ventricles_never_touches_at_the_base(seed: int) -> None:
    patient = sample_patient(seed)
    at = patient.landmarks()
    n = 44
    grid = patient_grid((at["aortic_valve"] + at["tricuspid_valve"] + at["lv_apex"]) / 3.0, n, SPACING_MM)
    structures = target_of(paint_grid(patient, grid, (n, n, n))).numpy()
    lv, rv = (structures == HEART_BY_KEY[key].value for key in ("lv", "rv"))
    assert lv.any()
    assert rv.any()
    apart_mm = SPACING_MM * ndimage.distance_transform_edt(~lv)[rv]
    assert np.min(apart_mm) > 2.0
