"""The ways a heart is imaged: volumes, thick stacks, cine planes, echo; each makes a scene into a network's input.

Whatever has slices goes through `recon.sampling.rasterise_scaled`, the very code that real stacks and planes go
through, so that the network meets in training what it will meet in use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.frames import rotation_from_vector
from recon.near import Scaled
from recon.sampling import rasterise_scaled
from recon.simulate.acquire import stack_around
from recon.simulate.degrade import add_noise, scale_as_of_wider_view
from recon.simulate.echo import random_fan, scan
from recon.simulate.image import blur
from recon.simulate.planes import draw_steps, short_axis_frame
from recon.simulate.scene import Scene
from recon.simulate.slices import Taken, long_axis_slices, planes_of, short_axis_stack, take
from recon.simulate.view import truncate

if TYPE_CHECKING:
    import torch

Generator = np.random.Generator
Result = tuple["torch.Tensor", "torch.Tensor"]


def volume(scene: Scene) -> Result:
    """A volume at least as fine as the grid; its voxels are taken at the grid's own points."""
    import torch

    rng = scene.rng
    sigma = rng.uniform(0.25, 0.8) if rng.random() < 0.8 else rng.uniform(0.8, 1.4)
    along = [float(sigma * s) for s in rng.uniform(0.8, 1.2, 3)]
    image = blur(scene.brightness, (along[0], along[1], along[2]))
    image = add_noise(image, scene.is_ct, rng, scene.generator)
    if rng.random() < 0.5:  # what a finer scan's noise looks like after it was brought to the grid
        image = blur(image, (float(rng.uniform(0.2, 0.6)),) * 3)
    observed = torch.ones_like(image)
    intensity = scale_as_of_wider_view(image, observed > 0, rng, _wider(scene), scene.is_ct)
    return truncate(intensity, observed, scene.grid_mm, rng)


def thick(scene: Scene) -> Result:
    """A stack of 2 to 10 mm slices along any axis, given as one volume."""
    rng = scene.rng
    frame = _orientation(scene)
    step = float(np.exp(rng.uniform(np.log(2.0), np.log(10.0))))
    pixel = max(0.8 * scene.grid_mm, float(rng.uniform(0.5, 4.0)))
    extent = scene.n * scene.grid_mm * rng.uniform(0.8, 1.1, 3)
    counts = np.maximum(np.round(extent / (step, pixel, pixel)).astype(int), 2)
    shape = (int(counts[0]), int(counts[1]), int(counts[2]))
    thickness = step * float(rng.uniform(0.6, 1.3))
    centre = scene.centre_mm + rng.normal(0.0, 6.0, 3)
    slices = stack_around(centre, frame, np.array((step, pixel, pixel)), shape, thickness)
    moves = draw_steps(rng, shape[0], frame[0]) if rng.random() < 0.3 else None
    return _rasterised(scene, [take(scene, slices, moves, pixel)], _wider(scene))


def gated(scene: Scene) -> Result:
    """A volume whose slabs stand off against each other, as at the steps of a gated scan."""
    rng, grid_mm = scene.rng, scene.grid_mm
    frame = np.eye(3)[::-1]
    shape = (scene.n, scene.n, scene.n)
    slices = stack_around(scene.centre_mm, frame, np.full(3, grid_mm), shape, grid_mm)
    moves = draw_steps(rng, scene.n, frame[0])
    return _rasterised(scene, [take(scene, slices, moves, grid_mm, n_layers=1)], _wider(scene))


def stack(scene: Scene) -> Result:
    """A short-axis stack with its gaps, given as one volume; sometimes with long-axis planes."""
    rng = scene.rng
    taken = [short_axis_stack(scene)]
    if rng.random() < 0.35:
        taken += long_axis_slices(scene, int(rng.integers(1, 4)))
    return _rasterised(scene, taken, _coil(rng))


def sparse(scene: Scene) -> Result:
    """Short- and long-axis planes, each an image of its own."""
    planes = planes_of(*short_axis_stack(scene)) + long_axis_slices(scene, int(scene.rng.integers(1, 7)))
    return _rasterised(scene, planes, _coil(scene.rng))


def short_axis(scene: Scene) -> Result:
    """The planes of a short-axis stack, each an image of its own."""
    return _rasterised(scene, planes_of(*short_axis_stack(scene)), _coil(scene.rng))


def echo(scene: Scene) -> Result:
    """An echo volume; half of the studies know their fan, half take the black around it for an image."""
    import torch

    rng = scene.rng
    fan = random_fan(scene.axes.base_mm, scene.axes.apex_mm, rng)
    image = blur(scene.brightness, (float(rng.uniform(0.3, 0.9)),) * 3)
    heard, inside = scan(image, scene.patient_from_index, fan, rng, scene.generator)
    observed = inside.float() if rng.random() < 0.5 else torch.ones_like(heard)
    return scale_as_of_wider_view(heard, observed > 0, rng) * inside, observed


def _coil(rng: Generator) -> float:
    """How much brighter than all that is painted the fat next to a coil is."""
    return float(rng.uniform(1.0, 2.2)) if rng.random() < 0.6 else 1.0


def _wider(scene: Scene) -> float:
    """How much brighter the brightest percent of a whole chest is than that of what is painted.

    A chest holds more bone, but more of all the rest as well.
    """
    return float(np.exp(scene.rng.normal(0.0, 0.12))) if scene.is_ct else _coil(scene.rng)


def _rasterised(scene: Scene, taken: list[Taken], brighter: float = 1.0) -> Result:
    """Every stack or plane scaled for itself, then laid onto the grid as recon.sampling does."""
    images = []
    for voxels, shown, stack in taken:
        own = brighter * float(np.exp(scene.rng.normal(0.0, 0.08))) if len(taken) > 1 else brighter
        scaled = scale_as_of_wider_view(voxels, shown, scene.rng, own, scene.is_ct)
        images.append(Scaled(scaled, stack.patient_from_index))
    return rasterise_scaled(images, scene.patient_from_index, scene.n, scene.brightness.device)


def _orientation(scene: Scene) -> np.ndarray:
    """Slice, row and column directions: patient axes in any order, the short axis, or oblique."""
    rng = scene.rng
    choice = rng.random()
    if choice < 0.6:
        return np.roll(np.eye(3)[::-1], int(rng.integers(3)), axis=0)
    if choice < 0.8:
        return short_axis_frame(scene.axes, rng)
    return rotation_from_vector(rng.normal(0.0, 0.4, 3)) @ np.eye(3)[::-1]
