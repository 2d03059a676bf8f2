"""Flat pictures out of a volume at any position and tilt, and the outlines of surfaces on them."""

from __future__ import annotations

from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.util.vtkConstants import VTK_FLOAT
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkImagingCore import vtkImageReslice

from core.mesh import SurfaceMesh
from core.volume import LabelMap, Volume
from plan.section import outline
from render.polydata import use_threads
from render.slice_plane import (
    Orientation,
    SlicePlane,
    fitting_spacing_mm,
    orientation_letters,
    orthogonal_plane,
    patient_from_pixel,
    patient_from_pixels,
    pixels_from_patient,
)
from render.window import WINDOW_PRESETS, WindowPreset, auto_window, window

__all__ = [
    "WINDOW_PRESETS",
    "Orientation",
    "SlabMode",
    "SlicePlane",
    "WindowPreset",
    "auto_window",
    "contours",
    "extract",
    "fitting_spacing_mm",
    "orientation_letters",
    "orthogonal_plane",
    "patient_from_pixel",
    "patient_from_pixels",
    "pixels_from_patient",
    "window",
]

SlabMode = Literal["mean", "max", "min"]
_DTYPES_OF_VTK = {np.dtype(t) for t in ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")}
_images: WeakKeyDictionary[Volume | LabelMap, vtkImageData] = WeakKeyDictionary()

use_threads()


def extract(
    volume: Volume | LabelMap,
    plane: SlicePlane,
    size_px: tuple[int, int],
    spacing_mm: float,
    *,
    interpolate: bool = True,
    slab_mode: SlabMode = "mean",
    slab_mm: float = 0.0,
) -> np.ndarray:
    """The picture of a plane: float32 (height, width), in the volume's unit.

    Args:
        size_px: (width, height) of the picture.
        spacing_mm: side of a pixel.
        interpolate: trilinear; otherwise the nearest voxel, as labels need it.
        slab_mode, slab_mm: what is shown of a slab of that thickness around the plane; 0 is the plane alone. The
            slab is sampled at least as densely as the finest spacing of the volume, its faces included.

    Pixels more than half a voxel outside the outermost voxel centres are NaN: nothing was measured there.
    """
    labels = isinstance(volume, LabelMap)
    reslice = vtkImageReslice()
    reslice.SetInputData(_image(volume))
    reslice.SetResliceAxes(_vtk_matrix(_xyz_from_pixel(volume, plane, size_px, spacing_mm)))
    reslice.SetOutputDimensionality(2)
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    reslice.SetOutputSpacing(1.0, 1.0, 1.0)
    reslice.SetOutputExtent(0, size_px[0] - 1, 0, size_px[1] - 1, 0, 0)
    reslice.SetOutputScalarType(VTK_FLOAT)
    reslice.SetBackgroundLevel(float("nan"))
    if interpolate and not labels:
        reslice.SetInterpolationModeToLinear()
    else:
        reslice.SetInterpolationModeToNearestNeighbor()
    if slab_mm > 0.0:
        _thicken(reslice, volume, slab_mode, slab_mm, spacing_mm)
    reslice.Update()
    scalars = vtk_to_numpy(reslice.GetOutput().GetPointData().GetScalars())
    return np.array(scalars.reshape(size_px[1], size_px[0]), dtype=np.float32)


def contours(
    mesh: SurfaceMesh, plane: SlicePlane, size_px: tuple[int, int], spacing_mm: float
) -> list[np.ndarray]:
    """Polylines (n, 2) in pixels (column, row) where a surface meets the plane; closed ones repeat a point."""
    lines = outline(mesh.vertices, mesh.faces, np.array(plane.origin_mm), np.array(plane.normal))
    return [pixels_from_patient(plane, size_px, spacing_mm, line) for line in lines]


def _thicken(
    reslice: vtkImageReslice, volume: Volume | LabelMap, mode: SlabMode, slab_mm: float, spacing_mm: float
) -> None:
    n_steps = 2 * int(np.ceil(slab_mm / float(volume.spacing_mm.min()) / 2.0))
    reslice.SetSlabNumberOfSlices(n_steps + 1)
    # VTK counts the step in pixels along the normal.
    reslice.SetSlabSliceSpacingFraction(slab_mm / n_steps / spacing_mm)
    # Half of the outermost samples each, so that the mean is that of the slab and not of a thicker one.
    reslice.SetSlabTrapezoidIntegration(True)
    {"mean": reslice.SetSlabModeToMean, "max": reslice.SetSlabModeToMax, "min": reslice.SetSlabModeToMin}[
        mode
    ]()


def _xyz_from_pixel(
    volume: Volume | LabelMap, plane: SlicePlane, size_px: tuple[int, int], spacing_mm: float
) -> np.ndarray:
    index_from_pixel = volume.index_from_patient @ patient_from_pixel(plane, size_px, spacing_mm)
    return index_from_pixel[[2, 1, 0, 3]]  # VTK counts column first


def _image(volume: Volume | LabelMap) -> vtkImageData:
    image = _images.get(volume)
    if image is None:
        voxels = volume.labels if isinstance(volume, LabelMap) else volume.voxels
        if voxels.dtype not in _DTYPES_OF_VTK:
            voxels = voxels.astype(np.float32)
        image = vtkImageData()
        image.SetDimensions(*voxels.shape[::-1])
        image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(voxels).ravel()))
        _images[volume] = image
    return image


def _vtk_matrix(matrix: np.ndarray) -> vtkMatrix4x4:
    result = vtkMatrix4x4()
    result.DeepCopy(matrix.ravel().tolist())
    return result
