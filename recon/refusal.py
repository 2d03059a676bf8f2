"""Is it a heart? Facts that do not depend on what the network was trained on, and one score made of them.

A network that has only ever seen hearts paints one into anything, and with hardly less certainty than a true one: its
certainty is told and does not count. Three facts do, together better than each alone:

- agreement: how much of the answer stays when the network looks from moved grids (docs/adr/0012);
- explained: the share of the image's variance, in and around the heart, that the labels account for;
- covered: the share of the left ventricle's surface that has muscle or a valve beside it.

The score is a logistic function of them, between 0 and 1; `python -m benchmarks.refusal` makes the images, fits the
weights on one half of them and prints how well they tell the other half apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from core.anatomy import HEART_BY_KEY
from core.errors import PlannerError
from recon.inference import CHAMBERS, RegionLogits, no_heart
from recon.sampling import place
from recon.shown import in_field_of_view
from recon.steadiness import agreement
from recon.topology import contact_mm2

FACTS = ("agreement", "explained", "covered")
# Of the facts, in their order; from benchmarks/refusal.py, and to be made anew with new weights of the networks.
WEIGHTS = (5.6, 7.8, 15.6)
OFFSET = -23.2
LEAST_SCORE = 0.25
LEAST_IN_VIEW = 0.5
AROUND_MM = 9.0
BESIDE_LV = ("lv_myocardium", "la", "aorta")


@dataclass(frozen=True)
class Evidence:
    """What speaks for a heart, each between 0 and 1; see the module.

    `certainty` is the mean probability of the winning class inside chambers and muscle. `in_view` is the share of
    these that lies between the outermost places that the images show; it is judged by itself.
    """

    agreement: float
    certainty: float
    explained: float
    covered: float
    in_view: float

    @property
    def score(self) -> float:
        """How sure it is that this is a heart, 0 to 1."""
        return self.score_with(WEIGHTS, OFFSET)

    def score_with(self, weights: Sequence[float] | np.ndarray, offset: float) -> float:
        """The score with other weights of `FACTS` and another offset."""
        facts = [getattr(self, name) for name in FACTS]
        return float(1.0 / (1.0 + np.exp(-offset - np.dot(weights, facts))))

    def report(self) -> dict[str, object]:
        """Ready for JSON."""
        told: Mapping[str, float] = {"score": self.score, "least_score": LEAST_SCORE, **asdict(self)}
        return {name: round(value, 3) for name, value in told.items()}


def evidence(region: RegionLogits, looks: Sequence[RegionLogits]) -> Evidence:
    """The facts about one look at a region and the looks from aside."""
    labels = region.logits.argmax(dim=0).cpu().numpy()
    spacing_mm = float(np.linalg.norm(region.patient_from_index[:3, 0]))
    observed = region.observed.cpu().numpy() > 0.5
    n = len(labels)
    intensity, _ = place(region.images, region.patient_from_index, n, region.observed.device)
    return Evidence(
        agreement(region, looks),
        region.certainty,
        explained(intensity.cpu().numpy(), labels, observed, spacing_mm),
        covered(labels, spacing_mm),
        in_view((labels > 0) & (labels <= CHAMBERS), observed),
    )


def check_is_heart(found: Evidence) -> None:
    """Raise PlannerError when less than half of a heart is in view, or what is seen is none."""
    if found.in_view < LEAST_IN_VIEW:
        raise PlannerError(
            "the heart is not in view",
            f"the images show only {found.in_view:.0%} of its chambers and muscle",
            "choose a series that shows the whole heart",
        )
    if found.score < LEAST_SCORE:
        raise no_heart(
            f"what is seen there is hardly one (score {found.score:.2f}, at least {LEAST_SCORE:.2f} is needed; "
            f"seen from aside the answer keeps {found.agreement:.0%})"
        )


def explained(intensity: np.ndarray, labels: np.ndarray, observed: np.ndarray, spacing_mm: float) -> float:
    """Share of the variance of intensities (n, n, n), in and near the labels, that lies between the labels."""
    from scipy.ndimage import distance_transform_edt

    if not (labels > 0).any():
        return 0.0
    here = observed & (distance_transform_edt(labels == 0) * spacing_mm <= AROUND_MM)
    values, names = intensity[here].astype(np.float64), labels[here]
    total = float(((values - values.mean()) ** 2).sum()) if len(values) else 0.0
    if total < 1e-9:
        return 0.0
    counts = np.maximum(np.bincount(names), 1)
    means = np.bincount(names, values) / counts
    return 1.0 - float(((values - means[names]) ** 2).sum()) / total


def covered(labels: np.ndarray, spacing_mm: float) -> float:
    """Share of the left ventricle's surface beside muscle, left atrium or aorta; 0 without a left ventricle."""
    own = HEART_BY_KEY["lv"].value
    areas = contact_mm2(labels, spacing_mm, len(HEART_BY_KEY) + 1)[own]
    areas[own] = 0.0
    return float(sum(areas[HEART_BY_KEY[key].value] for key in BESIDE_LV) / max(areas.sum(), 1e-9))


def in_view(heart: np.ndarray, observed: np.ndarray) -> float:
    """Share of a mask (n, n, n) inside the convex hull of the observed voxels; 0 where either is empty."""
    if not heart.any():
        return 0.0
    return float(in_field_of_view(heart, observed).sum()) / float(heart.sum())
