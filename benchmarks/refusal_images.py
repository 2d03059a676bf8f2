"""Images made to be refused, and images of hearts in every contrast that must not be; none of them was trained on.

Brightness is drawn here tissue by tissue, apart from the simulator that training uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from core.frames import rotation_from_vector
from core.volume import Volume
from recon.anatomy.patient import SyntheticPatient, paint_grid, sample_patient
from recon.anatomy.tissues import TARGET, TISSUES, VALUE
from recon.sampling import patient_grid

SPACING_MM, SIDE = 3.0, 60
FIRST_SEED = 2_000_400  # among the patients that no training sees
BLOOD = ("lv", "rv", "la", "ra", "aorta", "pulmonary_artery", "pulmonary_vein", "svc", "ivc", "arch_branch")
AIRY = ("air", "lung", "airway", "stomach_gas")
FATTY = ("heart_fat", "skin_fat", "mediastinum", "marrow")
BONY = ("bone", "cartilage")
CHEST = (
    *AIRY, *FATTY[1:], *BONY, "muscle", "liver", "oesophagus", "stomach", "spleen", "diaphragm", "spinal_canal",
    "liver_vessel", "lung_vessel", "pleural_effusion",
)  # fmt: skip
CHAMBERS = 5


@dataclass(frozen=True, eq=False)
class Case:
    """What a reconstruction is offered, and whether it must take it."""

    kind: str
    is_heart: bool
    volumes: tuple[Volume, ...]


def cases(n_each: int) -> Iterator[Case]:
    """`n_each` images of every kind without a heart, and half as many of every kind of heart."""
    for i in range(n_each):
        for kind, make in NO_HEARTS.items():
            yield Case(kind, False, make(np.random.default_rng((i, 2)), sample_patient(FIRST_SEED + 50 + i)))
        for kind, make in HEARTS.items() if i % 2 == 0 else ():
            yield Case(kind, True, make(np.random.default_rng((i, 1)), sample_patient(FIRST_SEED + i)))


def _volume(voxels: np.ndarray, grid: np.ndarray) -> Volume:
    return Volume(voxels.astype(np.float32), grid, "1.2.3")


def _grid(patient: SyntheticPatient, shift_mm: np.ndarray | float = 0.0) -> np.ndarray:
    return patient_grid(patient.landmarks()["region_centre"] + shift_mm, SIDE, SPACING_MM)


def _tissues(patient: SyntheticPatient, grid: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    found: np.ndarray = paint_grid(patient, grid, shape).numpy()
    return found


def _means(rng: np.random.Generator, contrast: str) -> np.ndarray:
    """Brightness of each tissue, 0 to 1."""
    means = rng.uniform(0.35, 0.5, len(TISSUES))
    blood = {"ct": rng.uniform(0.7, 1.0), "mr": rng.uniform(0.75, 1.0), "plain": rng.uniform(0.42, 0.5)}
    level = blood.get(contrast, rng.uniform(0.0, 1.0))
    tied = {
        BLOOD: level,
        AIRY: rng.uniform(0.0, 0.1),
        FATTY: rng.uniform(0.2, 0.3),
        BONY: rng.uniform(0.6, 1.0),
    }
    if contrast == "mr":
        tied |= {FATTY: rng.uniform(0.6, 0.9), BONY: rng.uniform(0.0, 0.15)}
    if contrast == "any":
        tied |= {FATTY: rng.uniform(0.0, 1.0), BONY: rng.uniform(0.0, 1.0)}
    for names, value in tied.items():
        means[[VALUE[name] for name in names]] = value
    muscle = (
        level + rng.choice((-1.0, 1.0)) * rng.uniform(0.2, 0.5) if contrast == "any" else rng.uniform(0.4, 0.5)
    )
    for name in ("lv_myocardium", "rv_wall", "atrial_wall", "papillary", "muscle"):
        means[VALUE[name]] = muscle
    return means


def _shot(rng: np.random.Generator, tissues: np.ndarray, contrast: str, noise: float = 0.03) -> np.ndarray:
    image = _means(rng, contrast)[tissues]
    sharp = ndimage.gaussian_filter(image, rng.uniform(0.3, 0.6))
    return sharp + rng.normal(0.0, noise, image.shape)


def _heart(contrast: str) -> Callable[[np.random.Generator, SyntheticPatient], tuple[Volume, ...]]:
    def make(rng: np.random.Generator, patient: SyntheticPatient) -> tuple[Volume, ...]:
        grid = _grid(patient, rng.uniform(-15.0, 15.0, 3))
        return (_volume(_shot(rng, _tissues(patient, grid, (SIDE,) * 3), contrast), grid),)

    return make


def _poor(rng: np.random.Generator, patient: SyntheticPatient) -> tuple[Volume, ...]:
    """A heart in slices of 6 mm, noisy, unsharp, brighter on one side, and with the ends cut off."""
    grid = _grid(patient, rng.uniform(-15.0, 15.0, 3))
    image = _shot(rng, _tissues(patient, grid, (SIDE,) * 3), str(rng.choice(("ct", "mr", "any"))), noise=0.0)
    image = ndimage.gaussian_filter(image, (1.0, 0.7, 0.7))[::2]
    side = np.linspace(-1.0, 1.0, SIDE) * rng.uniform(0.1, 0.3)
    image = image * np.exp(side if rng.random() < 0.5 else side[:, None]) + rng.normal(0.0, 0.1, image.shape)
    cut = int(rng.integers(0, 6))
    image = image[cut : len(image) - int(rng.integers(0, 4))]
    grid[:3, 3] += grid[:3, 0] * (2 * cut)
    grid[:3, 0] *= 2.0
    return (_volume(image, grid),)


def _planes(rng: np.random.Generator, patient: SyntheticPatient) -> tuple[Volume, ...]:
    """Six to ten short-axis planes of 8 mm and two along the ventricle."""
    at = patient.landmarks()
    base, apex = at["mitral_valve"], at["lv_apex"]
    axis = (apex - base) / np.linalg.norm(apex - base)
    across = np.cross(axis, (0.0, 0.0, 1.0))
    across /= np.linalg.norm(across)
    means = _means(rng, "mr")
    places = [(base + t * (apex - base), axis) for t in np.linspace(-0.2, 1.0, int(rng.integers(6, 11)))]
    places += [(0.5 * (base + apex), way) for way in (across, np.cross(axis, across))]
    made = []
    for point, normal in places:
        hint = np.array((0.0, 0.0, 1.0)) if abs(normal[2]) < 0.9 else np.array((0.0, 1.0, 0.0))
        right = np.cross(hint, normal)
        right /= np.linalg.norm(right)
        affine = np.eye(4)
        affine[:3, :3] = np.stack([normal, np.cross(normal, right), right], axis=1) * (8.0, 2.0, 2.0)
        affine[:3, 3] = point - affine[:3, :3] @ np.array((0.0, 49.5, 49.5))
        image = means[_tissues(patient, affine, (1, 100, 100))] + rng.normal(0.0, 0.03, (1, 100, 100))
        made.append(_volume(image, affine))
    return tuple(made)


def _without_heart(rng: np.random.Generator, patient: SyntheticPatient) -> tuple[Volume, ...]:
    """The chest, with one tissue in the place of all that belongs to the heart and its vessels."""
    grid = _grid(patient)
    tissues = _tissues(patient, grid, (SIDE,) * 3)
    belongs = ~np.isin(tissues, [VALUE[name] for name in CHEST])
    tissues[belongs] = VALUE[str(rng.choice(("mediastinum", "lung", "muscle", "pleural_effusion")))]
    return (_volume(_shot(rng, tissues, str(rng.choice(("ct", "mr", "any")))), grid),)


def _elsewhere(rng: np.random.Generator, patient: SyntheticPatient) -> tuple[Volume, ...]:
    """The belly below the heart, or the top of the chest above it."""
    shift = np.array((0.0, 0.0, -190.0 if rng.random() < 0.6 else 170.0)) + rng.normal(0.0, 10.0, 3)
    grid = _grid(patient, shift)
    return (_volume(_shot(rng, _tissues(patient, grid, (SIDE,) * 3), "ct"), grid),)


def _truncated(rng: np.random.Generator, patient: SyntheticPatient) -> tuple[Volume, ...]:
    """A heart of which 15 to 42 % of chambers and muscle is left, cut along one axis."""
    grid = _grid(patient)
    tissues = _tissues(patient, grid, (SIDE,) * 3)
    target = np.array(TARGET)[tissues]
    axis = int(rng.integers(3))
    profile = ((target > 0) & (target <= CHAMBERS)).sum(axis=tuple(a for a in range(3) if a != axis)).cumsum()
    keep = int(np.searchsorted(profile, rng.uniform(0.15, 0.42) * profile[-1]))
    image = np.take(_shot(rng, tissues, str(rng.choice(("ct", "mr")))), range(max(keep, 9)), axis=axis)
    return (_volume(image, grid),)


def _shuffled(rng: np.random.Generator, patient: SyntheticPatient) -> tuple[Volume, ...]:
    """A heart cut into blocks of 45 mm that are put together in another order."""
    grid = _grid(patient)
    image = _shot(rng, _tissues(patient, grid, (SIDE,) * 3), str(rng.choice(("ct", "mr"))))
    n, block = 4, SIDE // 4
    blocks = image.reshape(n, block, n, block, n, block).transpose(0, 2, 4, 1, 3, 5).reshape(-1, *(block,) * 3)
    mixed = blocks[rng.permutation(len(blocks))].reshape(n, n, n, *(block,) * 3)
    return (_volume(mixed.transpose(0, 3, 1, 4, 2, 5).reshape(image.shape), grid),)


def _noise(rng: np.random.Generator, patient: SyntheticPatient) -> tuple[Volume, ...]:
    del patient
    field = ndimage.gaussian_filter(rng.normal(size=(SIDE,) * 3), float(rng.choice((0.0, 1.0, 2.0))))
    return (_volume(field / field.std(), patient_grid(np.zeros(3), SIDE, SPACING_MM)),)


def _blobs(rng: np.random.Generator, patient: SyntheticPatient) -> tuple[Volume, ...]:
    """Smooth blobs of two to five shades."""
    del patient
    field = ndimage.gaussian_filter(rng.normal(size=(SIDE,) * 3), float(rng.uniform(4.0, 10.0)))
    shades = np.digitize(field / field.std(), np.sort(rng.normal(0.0, 0.8, int(rng.integers(1, 5)))))
    image = rng.permutation(6)[shades] / 5.0 + rng.normal(0.0, 0.03, field.shape)
    return (_volume(image, patient_grid(np.zeros(3), SIDE, SPACING_MM)),)


def _solids(rng: np.random.Generator, patient: SyntheticPatient) -> tuple[Volume, ...]:
    """Balls, shells, boxes and rods: phantoms of a laboratory."""
    del patient
    image = np.zeros((SIDE,) * 3)
    grid = np.indices(image.shape).reshape(3, -1)
    for _ in range(int(rng.integers(1, 9))):
        turn = rotation_from_vector(rng.normal(0.0, 1.0, 3))
        half = rng.uniform(4.0, 20.0, 3)
        here = np.abs(turn @ (grid - rng.uniform(15.0, SIDE - 15.0, (3, 1)))) / half[:, None]
        size = here.max(axis=0) if rng.random() < 0.5 else np.sqrt((here**2).sum(axis=0))
        image.reshape(-1)[size < 1.0] = rng.uniform(0.2, 1.0)
        if rng.random() < 0.4:
            image.reshape(-1)[size < 0.7] = rng.uniform(0.0, 1.0)
    noisy = ndimage.gaussian_filter(image, 0.5) + rng.normal(0.0, 0.02, image.shape)
    return (_volume(noisy, patient_grid(np.zeros(3), SIDE, SPACING_MM)),)


HEARTS = {
    "contrast CT": _heart("ct"),
    "plain CT": _heart("plain"),
    "bright-blood MR": _heart("mr"),
    "any contrast": _heart("any"),
    "cine planes": _planes,
    "poor image": _poor,
}
NO_HEARTS = {
    "chest without heart": _without_heart,
    "belly or neck": _elsewhere,
    "cut below half": _truncated,
    "blocks of a heart in disorder": _shuffled,
    "noise": _noise,
    "blobs": _blobs,
    "solids": _solids,
}
