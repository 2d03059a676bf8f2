"""Hearts made from label maps: real shapes, scaled, sheared and thickened; procedural vessels go on where they end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import PlannerError
from core.frames import rotation_from_vector
from core.progress import Progress, Silent
from recon.anatomy.coronaries import CoronaryFrame, coronaries, coronary_lines
from recon.anatomy.details import VALVES, details, sample_details
from recon.anatomy.diseases import FAT_UNDER_EFFUSION_MM, LARGEST_EFFUSION_MM
from recon.anatomy.heart_lines import Line
from recon.anatomy.insertions import rv_insertions
from recon.anatomy.label_map_file import read_label_map
from recon.anatomy.label_map_lines import sample_extensions
from recon.anatomy.label_map_prepare import FIELD_LIMIT_MM, FIELDS, PreparedHeart, load, prepare, save
from recon.anatomy.root_points import root_points
from recon.anatomy.shapes import frame_along, half_space, indices_where, smooth_union, tube
from recon.anatomy.ventricles import Distances, papillary_muscles, septum_closed
from recon.anatomy.vessels import BRANCHES, VEINS

if TYPE_CHECKING:
    import torch

_SEPTUM_MM = 8.0
_LV_WALL_MM = 10.0  # only where coronary vessels begin to look for the surface


@dataclass(frozen=True, eq=False)
class LabelMapHeart:
    """One label map's heart, changed at random.

    Attributes:
        prepared: the shape in the map's own frame.
        map_from_heart: (3, 3), scaling and shear; the mitral valve's centre stays the origin.
        sizes: wall thicknesses and their changes, mm.
        lines: vessels that go on where the map ends, in the map's frame.
        coronary_seed: of the coronary vessels, which have draws of their own.
    """

    prepared: PreparedHeart
    map_from_heart: np.ndarray
    sizes: Mapping[str, float]
    lines: Mapping[str, Line]
    ostium_heights_mm: tuple[float, float]
    coronary_seed: int = 0

    def parts(self, points: torch.Tensor) -> Distances:
        """Signed distances (n,) of the heart's parts at points (n, 3) of the heart's frame, near mm."""
        found = self._solids(points)
        here, at, size = self._in_map(points), self.prepared.points, self.sizes
        long = float(np.linalg.norm(at["lv_apex"]))
        found["papillary"] = papillary_muscles(
            here,
            frame_along(at["long_axis"], at["septal"]),
            at["lv_middle"],
            0.65 * long,
            self.prepared.radii["lv"] - size["lv_narrower"],
            size["papillary_radius"],
        )
        found |= coronaries(self.coronary_lines, found, size, points)
        return found | details(here, found, at, self.prepared.radii, size)

    @cached_property
    def coronary_lines(self) -> Mapping[str, Line]:
        """Centre lines and radii of the coronary vessels, mm in the heart's frame; found when first asked for."""
        heart_from_map = np.linalg.inv(self.map_from_heart)
        found, along = self._root_and_apex(), self.directions()
        at = {key: heart_from_map @ position for key, position in found.items()}
        for name in ("mitral", "tricuspid", "aortic"):
            at[name], at[f"{name}_normal"] = at[f"{name}_valve"], along[f"{name}_valve"]
        at["septal"] = heart_from_map @ self.prepared.points["septal"]
        radii = self.prepared.radii
        frame = CoronaryFrame(at, radii["lv"] + _LV_WALL_MM, radii["mitral"], radii["tricuspid"])
        return coronary_lines(self._solids, self.sizes, frame, np.random.default_rng(self.coronary_seed))

    def _in_map(self, points: torch.Tensor) -> torch.Tensor:
        return points @ points.new_tensor(self.map_from_heart.T.astype(np.float32))

    def _solids(self, points: torch.Tensor) -> Distances:
        here, size = self._in_map(points), self.sizes
        found = self._sampled(here)
        # The septum stays whole: walls change their thickness where no other cavity lies against them.
        off_septum = (found["lv_epicardium"].clamp_min(0.0) / _SEPTUM_MM).clamp(max=1.0)
        off_rv = (found["rv"].clamp_min(0.0) / _SEPTUM_MM).clamp(max=1.0)
        outward = size["lv_outward"] * (off_rv if size["lv_outward"] < 0 else 1.0)
        found["lv"] = found["lv"] + size["lv_narrower"]
        found["lv_epicardium"] = (found["lv_epicardium"] - outward).minimum(found["lv"] - 1.0)
        found["rv"] = (found["rv"] + size["rv_narrower"] * off_septum).maximum(-found["lv_epicardium"])
        found["rv_outer"] = found["rv_outer"] - size["rv_outward"]
        found |= septum_closed(found)
        return found | self._vessels(here, found)

    def _sampled(self, here: torch.Tensor) -> Distances:
        import torch
        import torch.nn.functional as functional

        shape = self.prepared.fields.shape[1:]
        corner = here.new_tensor(self.prepared.corner_mm.astype(np.float32))
        index = (here - corner) / self.prepared.step_mm
        last = here.new_tensor([n - 1.0 for n in shape])
        near = indices_where(((index > 0) & (index < last)).all(dim=1))
        values = here.new_full((len(FIELDS), len(here)), FIELD_LIMIT_MM)
        if len(near):
            where = (2.0 * index[near] / last - 1.0).flip(1)
            grid = torch.as_tensor(self.prepared.fields, device=here.device).float()[None]
            sampled = functional.grid_sample(grid, where[None, None, None], align_corners=True)
            values[:, near] = sampled[0, :, 0, 0]
        return dict(zip(FIELDS, values, strict=True))

    def _vessels(self, here: torch.Tensor, found: Distances) -> Distances:
        def joined(*names: str) -> torch.Tensor:
            first, *rest = (tube(here, *self.lines[name]) for name in names)
            for other in rest:
                first = first.minimum(other)
            return first

        at = self.prepared.points
        beyond = half_space(here, at["appendage"], at["appendage_out"])
        return {
            "aorta": smooth_union(found["aorta"], joined("aorta"), 3.0),
            "pulmonary_artery": smooth_union(
                found["pulmonary_artery"], joined("trunk", "right_pa", "left_pa"), 3.0
            ),
            "svc": joined("svc"),
            "ivc": joined("ivc"),
            "pulmonary_vein": joined(*VEINS),
            "arch_branch": joined(*BRANCHES),
            "appendage": joined("appendage").maximum(-beyond),
        }

    def landmarks(self) -> dict[str, np.ndarray]:
        """Positions (3,) in the heart's frame, by the keys of `core.anatomy.LANDMARKS`."""
        found = self._root_and_apex() | {"appendage_ostium": self.prepared.points["appendage"]}
        heart_from_map = np.linalg.inv(self.map_from_heart)
        placed = {key: heart_from_map @ position for key, position in found.items()}
        axes = frame_along(placed["lv_apex"], heart_from_map @ self.prepared.points["septal"])
        return placed | rv_insertions(self._solids, 0.45 * placed["lv_apex"], axes)

    def _root_and_apex(self) -> dict[str, np.ndarray]:
        """Valves, hinge points, coronary ostia and apex (3,), in the map's frame."""
        at, radii = self.prepared.points, self.prepared.radii
        root = root_points(
            at["aortic"],
            at["aortic_normal"],
            at["pulmonary"],
            at["tricuspid"],
            radii["aortic"],
            1.25 * radii["aortic"],
            self.ostium_heights_mm,
            0.0,
        )
        apex = at["lv_apex"] - self.sizes["lv_narrower"] * at["long_axis"]
        return {f"{name}_valve": at[name] for name in VALVES} | root | {"lv_apex": apex}

    def directions(self) -> dict[str, np.ndarray]:
        """Unit normals (3,) in the heart's frame; a plane's normal is carried by the transposed map."""
        at = self.prepared.points
        normals = {f"{name}_valve": at[f"{name}_normal"] for name in VALVES}
        normals["appendage_ostium"] = at["appendage_out"]
        carried = {key: self.map_from_heart.T @ normal for key, normal in normals.items()}
        return {key: normal / np.linalg.norm(normal) for key, normal in carried.items()}


class LabelMapHearts:
    """The label maps of a folder, prepared once and kept beside them or in a cache."""

    def __init__(self, folder: Path, cache: Path, progress: Progress | None = None) -> None:
        """Load the hearts, preparing those that the cache lacks.

        Raises PlannerError when the folder holds no label map or one cannot be used.
        """
        progress = progress or Silent()
        cache.mkdir(parents=True, exist_ok=True)
        names = sorted(path.name.removesuffix(".nii.gz") for path in folder.glob("*_label.nii.gz"))
        names = names or sorted(path.stem for path in cache.glob("*_label.npz"))
        if not names:
            raise PlannerError(
                "There are no label maps.", f"{folder} holds no *_label.nii.gz.", "Give their folder."
            )
        self._hearts = []
        for i, name in enumerate(names):
            prepared = cache / f"{name}.npz"
            if not prepared.exists():
                save(prepare(*read_label_map(folder / f"{name}.nii.gz")), prepared)
            self._hearts.append(load(prepared))
            progress.report("preparing label maps", (i + 1) / len(names))

    def __len__(self) -> int:
        return len(self._hearts)

    def sample(self, rng: np.random.Generator, disease: str | None = None) -> LabelMapHeart:
        """Draw one of the hearts and change it; of the diseases only `effusion` changes it.

        The same generator state gives the same heart.
        """
        return vary(self._hearts[int(rng.integers(len(self._hearts)))], rng, disease)


def vary(prepared: PreparedHeart, rng: np.random.Generator, disease: str | None = None) -> LabelMapHeart:
    """A heart scaled by up to a quarter, sheared by a few degrees, its walls thickened or thinned."""
    scale = np.exp(np.clip(rng.normal(0.0, 0.09), -0.2, 0.2)) * np.exp(rng.uniform(-0.06, 0.06, 3))
    shear = np.eye(3) + np.triu(rng.uniform(-0.10, 0.10, (3, 3)), 1)
    turn = rotation_from_vector(np.radians(rng.normal(0.0, 5.0, 3)))
    narrower = rng.uniform(-1.5, 4.5)
    sizes = {
        "vessel_wall": rng.uniform(1.0, 2.2),
        "atrial_wall": rng.uniform(1.4, 2.8),
        "fat": rng.uniform(1.5, 8.0),
        "lv_narrower": narrower,
        "lv_outward": rng.uniform(-1.5, 2.5) - min(narrower, 0.0) * rng.uniform(0.0, 1.0),
        "rv_narrower": rng.uniform(-1.0, 2.5),
        "rv_outward": rng.uniform(-1.0, 1.0),
        "papillary_radius": rng.uniform(2.5, 4.8),
        "effusion": 0.0,
        **sample_details(rng, 0.0),
    }
    if disease == "effusion":
        sizes |= {"effusion": rng.uniform(3.0, LARGEST_EFFUSION_MM), "fat": FAT_UNDER_EFFUSION_MM}
    heights = (float(rng.uniform(10.0, 17.0)), float(rng.uniform(10.0, 18.0)))
    lines = sample_extensions(prepared, rng)
    map_from_heart = np.diag(1.0 / scale) @ shear @ turn
    return LabelMapHeart(prepared, map_from_heart, sizes, lines, heights, int(rng.integers(2**62)))
