"""Metal in the heart: leads, valves and stents, as CT (bright, with streaks) and MR (a void) show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recon.simulate.inside import mask_of, streak

if TYPE_CHECKING:
    import torch

_LEAD = (("svc", "ra"), ("ra", "rv"), ("rv",))
_VALVES = (
    ("aortic_leaflet", "aorta"),
    ("mitral_leaflet", "la"),
    ("tricuspid_leaflet", "ra"),
    ("pulmonary_leaflet", "pulmonary_artery"),
)


def add_metal(
    image: torch.Tensor, tissues: torch.Tensor, is_ct: bool, rng: np.random.Generator, grid_mm: float
) -> torch.Tensor:
    """Put one kind of device into the heart of a painted patient; without a heart the image stays as it is."""
    draw = (_lead, _valve, _stent)[int(rng.integers(3))]
    points = draw(tissues, rng, grid_mm)
    if not len(points):
        return image
    return _bright(image, points, rng, grid_mm) if is_ct else _void(image, points, rng, grid_mm)


def _bright(image: torch.Tensor, points: np.ndarray, rng: np.random.Generator, grid_mm: float) -> torch.Tensor:
    span = float(image.amax() - image.amin())
    for index in rng.integers(len(points), size=2):
        image = streak(image, points[index], span * rng.uniform(0.02, 0.15), rng, grid_mm)
    core = _near(image, points, rng.uniform(0.8, 1.6), grid_mm)
    return image + core * span * rng.uniform(0.7, 1.5)


def _void(image: torch.Tensor, points: np.ndarray, rng: np.random.Generator, grid_mm: float) -> torch.Tensor:
    reach = rng.uniform(3.0, 12.0)
    hole = _near(image, points, reach, grid_mm)
    rim = _near(image, points, 1.25 * reach, grid_mm) - hole
    return image * (1.0 - hole.clamp(0.0, 1.0)) + image * rng.uniform(0.0, 0.6) * rim.clamp(0.0, 1.0)


def _near(image: torch.Tensor, points: np.ndarray, reach_mm: float, grid_mm: float) -> torch.Tensor:
    """1 within `reach_mm` of the points (k, 3) (index), falling to 0 half as far again beyond."""
    import torch

    low = np.maximum(np.floor(points.min(axis=0) - 2.0 * reach_mm / grid_mm).astype(int), 0)
    high = np.minimum(np.ceil(points.max(axis=0) + 2.0 * reach_mm / grid_mm).astype(int) + 1, image.shape)
    axes = [
        torch.arange(a, b, dtype=torch.float32, device=image.device) for a, b in zip(low, high, strict=True)
    ]
    box = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, 3)
    far = torch.cdist(box, box.new_tensor(points)).amin(dim=1) * grid_mm
    out = torch.zeros_like(image)
    share = ((1.5 * reach_mm - far) / (0.5 * reach_mm)).clamp(0.0, 1.0)
    out[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = share.reshape([len(a) for a in axes])
    return out


def _somewhere(tissues: torch.Tensor, names: tuple[str, ...], rng: np.random.Generator) -> np.ndarray:
    found = mask_of(tissues, names).nonzero()
    return found[int(rng.integers(len(found)))].cpu().numpy() if len(found) else np.zeros(0)


def _lead(tissues: torch.Tensor, rng: np.random.Generator, grid_mm: float) -> np.ndarray:
    knots = [knot for names in _LEAD if len(knot := _somewhere(tissues, names, rng))]
    if len(knots) < 2:
        return np.zeros((0, 3))
    position = np.linspace(0.0, len(knots) - 1.0, 40)
    return np.stack([np.interp(position, range(len(knots)), np.array(knots)[:, a]) for a in range(3)], axis=1)


def _valve(tissues: torch.Tensor, rng: np.random.Generator, grid_mm: float) -> np.ndarray:
    """A ring of 8-14 mm radius at one of the valves."""
    leaflet, beside = _VALVES[int(rng.integers(len(_VALVES)))]
    centre = _somewhere(tissues, (leaflet,), rng)
    centre = centre if len(centre) else _somewhere(tissues, (beside,), rng)
    return _circle(centre, rng.uniform(8.0, 14.0) / grid_mm, rng) if len(centre) else np.zeros((0, 3))


def _stent(tissues: torch.Tensor, rng: np.random.Generator, grid_mm: float) -> np.ndarray:
    """A short straight piece at a coronary artery, or in the epicardial fat where none is painted."""
    start = _somewhere(tissues, ("coronary_artery",), rng)
    start = start if len(start) else _somewhere(tissues, ("heart_fat",), rng)
    if not len(start):
        return np.zeros((0, 3))
    direction = rng.normal(size=3)
    steps = np.linspace(0.0, rng.uniform(10.0, 25.0) / grid_mm, 12)
    return start + steps[:, None] * direction / np.linalg.norm(direction)


def _circle(centre: np.ndarray, radius: float, rng: np.random.Generator) -> np.ndarray:
    frame = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn = np.linspace(0.0, 2.0 * np.pi, 36, endpoint=False)
    return centre + radius * (np.cos(turn)[:, None] * frame[0] + np.sin(turn)[:, None] * frame[1])
