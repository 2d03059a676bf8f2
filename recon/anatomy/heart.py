"""A procedural adult heart with its great vessels, in a frame of its own, as signed distances per part.

The heart's frame is parallel to LPS with the mitral valve's centre as origin, in millimetres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from recon.anatomy.atria import atria
from recon.anatomy.coronaries import CoronaryFrame, coronaries, coronary_lines
from recon.anatomy.defects import Defect, opened
from recon.anatomy.details import VALVES, details
from recon.anatomy.diseases import Malformation, diseased_points, diseased_sizes
from recon.anatomy.heart_lines import Line, sample_lines
from recon.anatomy.heart_sizes import sample_points, sample_root, sample_sizes
from recon.anatomy.insertions import rv_insertions
from recon.anatomy.ventricles import (
    Distances,
    left_ventricle,
    right_ventricle,
    septum_closed,
    ventricle_axes,
)
from recon.anatomy.vessels import great_vessels

if TYPE_CHECKING:
    import torch

DIRECTED = {
    "mitral_valve": "mitral",
    "aortic_valve": "aortic",
    "tricuspid_valve": "tricuspid",
    "pulmonary_valve": "pulmonary",
    "appendage_ostium": "appendage",
}


@dataclass(frozen=True, eq=False)
class Heart:
    """Sampled landmarks, sizes and centre lines, all mm in the heart's frame.

    Attributes:
        points: name -> position or unit direction (3,).
        sizes: name -> radius, length or thickness in mm.
        lines: vessel name -> (centre line (k, 3), radii (k,)).
        defects: holes in septa.
        lv_exits, rv_exits: the arterial valves that each ventricle leads to.
        coronary_seed: of the coronary vessels, which have draws of their own.
    """

    points: Mapping[str, np.ndarray]
    sizes: Mapping[str, float]
    lines: Mapping[str, Line]
    defects: tuple[Defect, ...] = ()
    lv_exits: tuple[str, ...] = ("aortic",)
    rv_exits: tuple[str, ...] = ("pulmonary",)
    coronary_seed: int = 0

    def parts(self, points: torch.Tensor) -> Distances:
        """Signed distances (n,) in mm of every part at points (n, 3) of the heart's frame.

        Neighbouring cavities may overlap; the order of the layers settles who owns a point.
        """
        found = self._solids(points)
        found |= coronaries(self.coronary_lines, found, self.sizes, points)
        for defect in self.defects:
            found |= opened(defect, found, points)
        radii = {valve: self.sizes[f"{valve}_radius"] for valve in VALVES}
        return found | details(points, found, self.points, radii, self.sizes)

    def _solids(self, points: torch.Tensor) -> Distances:
        found = left_ventricle(self, points)
        found |= right_ventricle(self, points, found["lv_epicardium"])
        found |= septum_closed(found)
        return found | atria(self, points) | great_vessels(self, points)

    @cached_property
    def coronary_lines(self) -> Mapping[str, Line]:
        """Centre lines and radii of the coronary vessels, mm; found on the surface when they are first asked for."""
        size = self.sizes
        at = {**self.points, "lv_apex": self._apex()}
        frame = CoronaryFrame(
            at, size["lv_radius"] + size["lv_wall"], size["mitral_radius"], size["tricuspid_radius"]
        )
        return coronary_lines(self._solids, size, frame, np.random.default_rng(self.coronary_seed))

    def _apex(self) -> np.ndarray:
        return self.points["base"] + self.sizes["lv_length"] * self.points["long_axis"]

    def landmarks(self) -> dict[str, np.ndarray]:
        """Positions (3,) in mm of the heart's frame, by the keys of `core.anatomy.LANDMARKS`."""
        at = self.points
        found = {key: at[name] for key, name in DIRECTED.items()}
        for key in ("left_hinge", "right_hinge", "non_coronary_hinge"):
            found[key] = at[key]
        for key in ("left_coronary_ostium", "right_coronary_ostium"):
            found[key] = at[key]
        found["lv_apex"] = self._apex()
        middle = at["base"] + 0.45 * self.sizes["lv_length"] * at["long_axis"]
        return found | rv_insertions(self._solids, middle, ventricle_axes(self))

    def directions(self) -> dict[str, np.ndarray]:
        """Unit vectors (3,) of the heart's frame, square to the valves' planes, for the landmarks that have one."""
        return {key: self.points[f"{name}_normal"] for key, name in DIRECTED.items()}


def sample_heart(rng: np.random.Generator, disease: str | None = None) -> Heart:
    """Draw one heart, healthy or with one of `recon.anatomy.diseases.HEART_DISEASES`.

    The same generator state gives the same heart.
    """
    seed = int(rng.integers(2**62))
    of_disease = np.random.default_rng(seed)  # its draws leave the rest of the heart alone
    sizes = sample_sizes(rng)
    if disease is not None:
        sizes = diseased_sizes(disease, sizes, of_disease)
    points = sample_points(rng, sizes)
    change = diseased_points(disease, points, sizes, of_disease) if disease is not None else Malformation()
    points |= change.points
    points |= sample_root(rng, points, sizes)
    lines = sample_lines(rng, points, sizes)
    return Heart(points, sizes, lines, change.defects, change.lv_exits, change.rv_exits, seed + 1)
