"""Registering a simulated MR to the CT of one patient, beside mutual information and ConvexAdam.

The patient lies differently on the second table and breathes: a known turn, shift and smooth bending. The labels are
the true ones, so that the figures speak of registration alone and not of reconstruction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import SimpleITK
import torch

from benchmarks.report import Comparison, Figure, Row, best_of
from core.frames import apply_affine, rigid
from core.fusion import ImageKey
from core.volume import LabelMap, Volume
from recon.anatomy.patient import SyntheticPatient, grid_points, paint, sample_patient, truth_label_map
from recon.fusion.register import register_labels
from recon.quality import dice
from recon.sampling import patient_grid
from recon.simulate.contrast import steady_state_mr
from recon.simulate.image import simulate
from recon.simulate.study import MR_ARTEFACTS, SimulatedImage, simulate_ct

SEED = 2_000_021
SIZE_MM = 200.0
LYING = rigid(np.radians((2.0, -3.0, 1.5)), np.array((4.0, -3.0, 3.0)))
WAVES = np.array([[0.030, 0.010, 0.020], [-0.015, 0.025, 0.010], [0.010, -0.020, 0.030]])
AMPLITUDES_MM = 2.5 * np.array([[1.0, 0.5, -0.3], [-0.4, 1.0, 0.6], [0.5, -0.6, 1.0]])
PHASES = (0.3, 1.2, 2.1)
POINTS_AT_ONCE = 400_000
Map = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Pair:
    """Both images, their labels, and landmarks (n, 3) in either."""

    ct: SimulatedImage
    mr: SimulatedImage
    fixed_mm: np.ndarray
    moving_mm: np.ndarray


def compare(quick: bool) -> Comparison:
    """One patient."""
    spacing_mm = 4.0 if quick else 1.5
    pair = simulated_pair(sample_patient(SEED), spacing_mm)
    keys = ImageKey("1", 0, "1.1", "CT"), ImageKey("2", 0, "1.2", "MR")
    rigid_s, stiff = best_of(1, lambda: register_labels(pair.ct.truth, pair.mr.truth, *keys, is_smooth=False))
    smooth_s, smooth = best_of(1, lambda: register_labels(pair.ct.truth, pair.mr.truth, *keys))
    itk_s, itk = best_of(1, lambda: mutual_information(pair))
    told = {"told mm": round(smooth.error.estimated_tre_mm, 2)}
    rows = [
        Row("Auricle, rigid and smooth", smooth_s, scores(pair, smooth.moving_from_fixed) | told),
        Row(
            "Auricle, rigid",
            rigid_s,
            scores(pair, stiff.moving_from_fixed) | {"told mm": stiff.error.estimated_tre_mm},
        ),
        Row("SimpleITK, mutual information, rigid", itk_s, scores(pair, itk)),
        Row("nothing done", 0.0, scores(pair, lambda points: points)),
    ]
    notes = [
        "distances, registration and the estimate of the error are all in Auricle's time; true labels of both images",
        "TRE: at the patient's landmarks; told: what Auricle estimates it to be, without knowing them",
    ]
    if find_spec("convexAdam") is None:
        notes.append("ConvexAdam is left out: its package convexAdam is not installed")
    else:
        adam_s, adam = best_of(1, lambda: convex_adam(pair))
        rows.insert(3, Row("ConvexAdam, MIND, images on one grid", adam_s, scores(pair, adam)))
    return Comparison(
        f"MR laid over CT, {'x'.join(map(str, pair.ct.image.shape))} at {spacing_mm:g} mm",
        tuple(rows),
        tuple(notes),
    )


def simulated_pair(patient: SyntheticPatient, spacing_mm: float) -> Pair:
    """The CT of a patient, and an MR for which the patient was moved and bent."""
    n = round(SIZE_MM / spacing_mm)
    marks = np.array(list(patient.landmarks().values()))
    moving = apply_affine(LYING, unbent(marks))
    grid = patient_grid(
        np.round(apply_affine(LYING, patient.landmarks()["region_centre"][None])[0]), n, spacing_mm
    )
    back = np.linalg.inv(LYING)
    places = bent(apply_affine(back, grid_points(grid, (n, n, n)).double().numpy()))
    parts = [
        paint(patient, torch.as_tensor(places[first : first + POINTS_AT_ONCE], dtype=torch.float32))
        for first in range(0, len(places), POINTS_AT_ONCE)
    ]
    tissues = torch.cat(parts).reshape(n, n, n)
    image = simulate(tissues, steady_state_mr(), MR_ARTEFACTS, torch.Generator().manual_seed(SEED)).numpy()
    mr = SimulatedImage(Volume(image, grid, "1.2", "arbitrary", "MR"), truth_label_map(tissues, grid, "1.2"))
    return Pair(simulate_ct(patient, "1.1", spacing_mm, SIZE_MM), mr, marks, moving)


def bent(points: np.ndarray) -> np.ndarray:
    """Where points of the bent patient lie in the CT."""
    return points + np.sin(points @ WAVES.T + PHASES) @ AMPLITUDES_MM


def unbent(points: np.ndarray) -> np.ndarray:
    """The inverse of `bent`, by repeating what it misses."""
    found = points.copy()
    for _ in range(80):
        found = found - (bent(found) - points)
    return found


def scores(pair: Pair, moving_from_fixed: Map) -> Mapping[str, Figure]:
    """Mean Dice over the structures, and the error at landmarks."""
    away = np.linalg.norm(moving_from_fixed(pair.fixed_mm) - pair.moving_mm, axis=1)
    return {
        "Dice": round(mean_dice(pair.ct.truth, pair.mr.truth, moving_from_fixed), 3),
        "TRE mean mm": round(float(away.mean()), 2),
        "TRE max mm": round(float(away.max()), 2),
    }


def mean_dice(fixed: LabelMap, moving: LabelMap, moving_from_fixed: Map) -> float:
    """Of every structure, where both images show something."""
    index = np.indices(fixed.shape).reshape(3, -1).T
    there = np.rint(
        np.concatenate(
            [
                moving.indices_from_patient(moving_from_fixed(fixed.patient_from_indices(part)))
                for part in np.array_split(index, 8)
            ]
        )
    ).astype(int)
    is_inside = ((there >= 0) & (there < moving.shape)).all(axis=1)
    brought = np.zeros(len(index), dtype=np.uint8)
    z, y, x = there[is_inside].T
    brought[is_inside] = moving.labels[z, y, x]
    here = np.where(is_inside, fixed.labels.ravel(), 0)
    return float(np.mean([dice(here == value, brought == value) for value in fixed.names]))


def mutual_information(pair: Pair) -> Map:
    """SimpleITK's usual recipe: Mattes mutual information, three resolutions, gradient descent, from the middles."""
    fixed, moving = (itk_image(one.image) for one in (pair.ct, pair.mr))
    start = SimpleITK.CenteredTransformInitializer(
        fixed, moving, SimpleITK.Euler3DTransform(), SimpleITK.CenteredTransformInitializerFilter.GEOMETRY
    )
    method = SimpleITK.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(50)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(0.05, 1)
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-3, 200)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([4, 2, 0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInitialTransform(start, inPlace=False)
    found = method.Execute(fixed, moving)
    corners = np.vstack([np.zeros(3), np.eye(3)])
    moved = np.array([found.TransformPoint(corner.tolist()) for corner in corners])
    turn = (moved[1:] - moved[0]).T
    return lambda points: points @ turn.T + moved[0]


def convex_adam(pair: Pair) -> Map:
    """ConvexAdam as it comes, on the CPU; it wants both images on one grid, so the MR is resampled to the CT's."""
    from convexAdam.convex_adam_MIND import convex_adam_pt

    ct = pair.ct.image
    resampled = SimpleITK.Resample(
        itk_image(pair.mr.image), itk_image(ct), SimpleITK.Transform(3, SimpleITK.sitkIdentity)
    )
    moved = SimpleITK.GetArrayFromImage(resampled)
    shift = convex_adam_pt(ct.voxels.astype(np.float32), moved, device=torch.device("cpu"), dtype=torch.float32)

    def moving_from_fixed(points: np.ndarray) -> np.ndarray:
        index = ct.indices_from_patient(points)
        z, y, x = np.clip(np.rint(index).astype(int), 0, np.array(ct.shape) - 1).T
        return ct.patient_from_indices(index + shift[z, y, x])

    return moving_from_fixed


def itk_image(volume: Volume) -> SimpleITK.Image:
    """A volume as SimpleITK holds it."""
    image = SimpleITK.GetImageFromArray(volume.voxels.astype(np.float32))
    image.SetDirection(np.fliplr(volume.axes).ravel().tolist())
    image.SetSpacing(volume.spacing_mm[::-1].tolist())
    image.SetOrigin(volume.origin_mm.tolist())
    return image
