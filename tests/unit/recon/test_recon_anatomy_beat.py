"""One heart drawn at the end of filling and at the end of emptying: what it ejects lies within adult ranges."""

from __future__ import annotations

import numpy as np
import pytest

from core.anatomy import HEART_BY_KEY
from recon.anatomy import heart as hearts
from recon.anatomy.heart_layers import heart_layers, sac_of
from recon.anatomy.heart_sizes import sample_sizes
from recon.anatomy.layers import paint_layers
from recon.anatomy.patient import grid_points, sample_patient, target_of
from recon.sampling import patient_grid

N, SPACING_MM = 36, 5.0
# Lower and upper adult values after Kawel-Boehm et al., JCMR 2020 (LV 50 to 77 %, RV 44 to 71 %), widened downwards
# for weak hearts and for drawn ones that are smaller at the end of filling than real ones.
EF_PERCENT = {"lv": (42.0, 77.0), "rv": (38.0, 71.0)}


class _AtPhase:
    """A generator whose first draw of a beta distribution, the contraction, is given."""

    def __init__(self, rng: np.random.Generator, contraction: float) -> None:
        self._rng, self._contraction = rng, contraction
        self._is_first = True

    def __getattr__(self, name: str) -> object:
        return getattr(self._rng, name)

    def beta(self, a: float, b: float) -> float:
        drawn = float(self._rng.beta(a, b))
        is_first, self._is_first = self._is_first, False
        return self._contraction if is_first else drawn


def _volumes(seed: int, contraction: float, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    with monkeypatch.context() as patched:
        patched.setattr(hearts, "sample_sizes", lambda rng: sample_sizes(_AtPhase(rng, contraction)))
        patient = sample_patient(seed)
    points = grid_points(patient_grid(np.array((-10.0, -15.0, 5.0)), N, SPACING_MM), (N, N, N))
    parts, sizes = patient.heart.parts(points), patient.heart.sizes
    tissues = paint_layers(heart_layers(parts, sizes, sac_of(parts, sizes)), points)
    counts = np.bincount(target_of(tissues).numpy(), minlength=8)
    return {key: float(counts[HEART_BY_KEY[key].value]) for key in EF_PERCENT}


def test_a_heart_that_contracts_wholly_ejects_what_adult_hearts_do(monkeypatch: pytest.MonkeyPatch) -> None:
    ejected: dict[str, list[float]] = {key: [] for key in EF_PERCENT}
    for seed in range(5100, 5103):
        filled, emptied = (_volumes(seed, contraction, monkeypatch) for contraction in (0.0, 1.0))
        for key, values in ejected.items():
            values.append(100.0 * (1.0 - emptied[key] / filled[key]))
    for key, (low, high) in EF_PERCENT.items():
        middle = float(np.median(ejected[key]))
        assert low <= min(ejected[key]), (key, ejected[key])
        assert max(ejected[key]) <= high, (key, ejected[key])
        assert middle >= low + 5.0, (key, middle)
