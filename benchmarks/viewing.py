"""Scrolling turned slices, thin and thick, beside the ways that VTK and pyvista have to read an image on a plane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyvista
from vtkmodules.vtkImagingCore import vtkImageReslice

from app.slices import Framing, frame_in, grey_picture, scrolled
from app.state import State
from app.viewing.arrangement import Arrangement
from app.viewing.axes import patient_axes
from app.viewing.slab import Slab
from app.windowing import Window
from benchmarks.report import Comparison, Row, best_of
from benchmarks.slicing import noisy_volume
from core.volume import Volume
from plan.items import as_point
from render.slice_plane import SlicePlane, patient_from_pixel
from render.slicing import extract

SIZE_PX = (600, 500)
SLAB_MM = 10.0


def compare(quick: bool) -> Comparison:
    """The same steps of a wheel over an oblique slice by all: each makes the grey picture of the next place."""
    shape = (100, 128, 128) if quick else (400, 512, 512)
    state = _state(noisy_volume(shape))
    n = 3 if quick else 12
    thin_s, _ = best_of(n, _scroller(state))
    thick = replace(state.arrangement, slabs={"axial": Slab("max", SLAB_MM)})
    thick_s, _ = best_of(3, _scroller(replace(state, arrangement=thick)))
    frame = frame_in(state, "axial", SIZE_PX, Framing())
    assert frame is not None
    volume, plane, spacing_mm = _volume(state), frame.plane, frame.spacing_mm
    ours = extract(volume, plane, SIZE_PX, spacing_mm)
    grid = _grid(volume)
    single_s, single = best_of(3, lambda: _resliced(grid, volume, plane, spacing_mm))
    probed_s, probed = best_of(2, lambda: _probed(grid, plane, spacing_mm))
    cut_s, _ = best_of(2, lambda: grid.slice(normal=plane.normal, origin=plane.origin_mm))
    return Comparison(
        f"One step of the wheel over an oblique slice of {SIZE_PX[0]}x{SIZE_PX[1]} pixels, "
        f"{shape[2]}x{shape[1]}x{shape[0]} int16 voxels, as grey values",
        (
            Row(
                "Auricle, app.slices",
                thin_s,
                {"steps per s": 1.0 / thin_s, f"with a MIP of {SLAB_MM:.0f} mm, ms": 1000.0 * thick_s},
            ),
            Row("VTK vtkImageReslice, one thread, no grey", single_s, _apart(ours, single)),
            Row("pyvista Plane.sample (vtkProbeFilter), no grey", probed_s, _apart(ours, probed)),
            Row("pyvista ImageData.slice (vtkCutter), polygons", cut_s, {}),
        ),
        ("values span about 1,000; pixels that only one of two has are left out of the difference",),
    )


def _state(volume: Volume) -> State:
    axes = patient_axes().turned("sagittal", 25.0).turned("coronal", -15.0)
    return State(
        volume=volume,
        crosshair_mm=as_point(volume.centre_mm),
        window=Window(0.0, 1000.0),
        arrangement=Arrangement(axes=axes),
    )


def _volume(state: State) -> Volume:
    assert state.volume is not None
    return state.volume


def _scroller(state: State) -> Callable[[], object]:
    """Goes one slice further at each call."""
    at = [state]

    def step() -> object:
        frame = frame_in(at[0], "axial", SIZE_PX, Framing())
        assert frame is not None
        assert at[0].crosshair_mm is not None
        place = scrolled(_volume(state), at[0].crosshair_mm, frame, 1)
        at[0] = replace(at[0], crosshair_mm=as_point(place))
        there = frame_in(at[0], "axial", SIZE_PX, Framing())
        assert there is not None
        return grey_picture(at[0], there)

    step()  # the volume is handed to VTK once, when it is opened
    return step


def _grid(volume: Volume) -> pyvista.ImageData:
    """The benchmark's volume, whose axes are the patient's, as pyvista holds it."""
    grid = pyvista.ImageData(
        dimensions=volume.shape[::-1], spacing=volume.spacing_mm[::-1], origin=volume.origin_mm
    )
    grid.point_data["values"] = volume.voxels.ravel()
    return grid


def _resliced(grid: pyvista.ImageData, volume: Volume, plane: SlicePlane, spacing_mm: float) -> np.ndarray:
    reslice = vtkImageReslice()
    reslice.SetNumberOfThreads(1)
    reslice.SetInputData(grid)
    reslice.SetResliceAxesDirectionCosines(*plane.right, *plane.down, *plane.normal)
    reslice.SetResliceAxesOrigin(*patient_from_pixel(plane, SIZE_PX, spacing_mm)[:3, 3])
    reslice.SetOutputDimensionality(2)
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    reslice.SetOutputSpacing(spacing_mm, spacing_mm, spacing_mm)
    reslice.SetOutputExtent(0, SIZE_PX[0] - 1, 0, SIZE_PX[1] - 1, 0, 0)
    reslice.SetOutputScalarType(10)
    reslice.SetBackgroundLevel(float("nan"))
    reslice.SetInterpolationModeToLinear()
    reslice.Update()
    values = pyvista.wrap(reslice.GetOutput()).active_scalars
    return np.asarray(values, dtype=np.float64).reshape(SIZE_PX[::-1])


def _probed(grid: pyvista.ImageData, plane: SlicePlane, spacing_mm: float) -> np.ndarray:
    columns, rows = np.meshgrid(np.arange(SIZE_PX[0]), np.arange(SIZE_PX[1]))
    pixels = np.stack([columns.ravel(), rows.ravel(), np.zeros(columns.size), np.ones(columns.size)])
    points = (patient_from_pixel(plane, SIZE_PX, spacing_mm) @ pixels)[:3].T
    found = pyvista.PolyData(points).sample(grid)
    values = np.where(found["vtkValidPointMask"], found["values"].astype(np.float64), np.nan)
    return values.reshape(SIZE_PX[::-1])


def _apart(ours: np.ndarray, theirs: np.ndarray) -> dict[str, float]:
    both = np.isfinite(ours) & np.isfinite(theirs)
    apart = np.abs(ours - theirs)[both]
    return {"largest difference": float(apart.max()), "compared %": 100.0 * float(both.mean())}
