"""Slices taken of a scene: short-axis stacks, long-axis planes, any stack, with what a scanner does to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recon.simulate.acquire import Stack, acquire, stack_around
from recon.simulate.degrade import add_noise
from recon.simulate.image import blur
from recon.simulate.planes import draw_breathing, long_axis_planes, short_axis_frame, short_axis_steps
from recon.simulate.scene import Scene
from recon.simulate.view import crop_to_circle

if TYPE_CHECKING:
    import torch

Taken = tuple["torch.Tensor", "torch.Tensor", Stack]
"""Voxels, where the painted grid reaches, and where they lie."""


def short_axis_stack(scene: Scene) -> Taken:
    """One short-axis stack of 5 to 14 slices, every slice in a breath of its own."""
    rng = scene.rng
    frame = short_axis_frame(scene.axes, rng)
    n_slices = int(rng.integers(5, 15))
    middle, extent_mm = short_axis_steps(scene.axes, rng)
    step = extent_mm / (n_slices - 1)
    pixel = scene.grid_mm * float(rng.uniform(0.75, 1.0))
    side = round(scene.n * scene.grid_mm * float(rng.uniform(0.9, 1.15)) / pixel)
    thickness = min(step * float(rng.uniform(0.7, 1.0)), float(rng.uniform(5.0, 9.0)))
    stack = stack_around(middle, frame, np.array((step, pixel, pixel)), (n_slices, side, side), thickness)
    breathing = draw_breathing(rng, scene.axes.base_mm, n_slices)
    return take(scene, stack, breathing, pixel)


def long_axis_slices(scene: Scene, n_planes: int) -> list[Taken]:
    """Single long-axis planes, each in a breath of its own."""
    rng = scene.rng
    pixel = scene.grid_mm * float(rng.uniform(0.75, 1.0))
    side = round(scene.n * scene.grid_mm * 1.1 / pixel)
    thickness = float(rng.uniform(5.0, 9.0))
    breathing = draw_breathing(rng, scene.axes.base_mm, n_planes)
    planes = []
    for (point, frame), move in zip(long_axis_planes(scene.axes, n_planes, rng), breathing, strict=True):
        spacing = np.array((thickness, pixel, pixel))
        stack = stack_around(point, frame, spacing, (1, side, side), thickness)
        planes.append(take(scene, stack, move[None], pixel))
    return planes


def take(
    scene: Scene, stack: Stack, moves: np.ndarray | None, pixel_mm: float, n_layers: int | None = None
) -> Taken:
    """Acquire a stack: blurred to its pixels, thick, moved, unequal in gain, with noise."""
    rng = scene.rng
    coarser = 0.42 * np.sqrt(max((pixel_mm / scene.grid_mm) ** 2 - 1.0, 0.0))
    n_layers = n_layers or int(np.clip(round(stack.thickness_mm / scene.grid_mm), 1, 4))
    image = blur(scene.brightness, (float(coarser),) * 3)
    voxels, shown = acquire(image, scene.patient_from_index, stack, moves, n_layers)
    if not scene.is_ct and rng.random() < 0.7:
        unequal = 0.12 if stack.thickness_mm > 4.0 else 0.03  # many thin slices are taken alike
        gain = np.exp(rng.normal(0.0, unequal * rng.random(), stack.shape[0])).astype(np.float32)
        voxels = voxels * voxels.new_tensor(gain)[:, None, None]
    voxels = add_noise(voxels, scene.is_ct, rng, scene.generator)
    if not scene.is_ct and rng.random() < 0.15:
        voxels = crop_to_circle(voxels)
    return voxels, shown, stack


def planes_of(voxels: torch.Tensor, shown: torch.Tensor, stack: Stack) -> list[Taken]:
    """A stack as single planes, each as thick as it was taken."""
    planes = []
    for index in range(stack.shape[0]):
        affine = stack.patient_from_index.copy()
        affine[:3, 3] += index * affine[:3, 0]
        affine[:3, 0] *= stack.thickness_mm / np.linalg.norm(affine[:3, 0])
        plane = Stack(affine, (1, *stack.shape[1:]), stack.thickness_mm)
        planes.append((voxels[index : index + 1], shown[index : index + 1], plane))
    return planes
