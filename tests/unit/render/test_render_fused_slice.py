"""A slice of a registered image is what SimpleITK resamples there, and blending is what the share says."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK
from scipy import ndimage

from core.frames import Transform, rigid
from core.fusion import FIXED, MOVING, DisplacementField, ImageKey, ImageRegistration, RegistrationError, Warp
from core.volume import Volume
from render.fused_slice import TINT, blended, extract_moved, veil
from render.slice_plane import SlicePlane, patient_from_pixel
from render.window import window

POSE = rigid(np.radians((8.0, -5.0, 14.0)), np.array((12.0, -7.0, 20.0)))
ERROR = RegistrationError({}, {}, {}, float("nan"))


def moving_volume() -> Volume:
    """An oblique, anisotropic image of smooth noise."""
    rng = np.random.default_rng(7)
    voxels = ndimage.gaussian_filter(rng.normal(size=(40, 60, 50)), 2.0) * 1e4
    matrix = rigid(np.radians((10.0, 20.0, -15.0)), np.array((-50.0, -70.0, -60.0)))
    matrix[:3, :3] = matrix[:3, :3] @ np.fliplr(np.eye(3)) @ np.diag([3.0, 1.7, 2.1])
    return Volume(voxels.astype(np.int16), matrix, "4.5")


def smooth_warp() -> Warp:
    rng = np.random.default_rng(8)
    shift = rng.normal(size=(26, 26, 26, 3)) * 90.0
    for axis in range(3):
        shift[..., axis] = ndimage.gaussian_filter(shift[..., axis], 4.0)
    inside = np.zeros(shift.shape[:3])
    inside[4:-4, 4:-4, 4:-4] = 1.0
    shift *= np.clip(ndimage.gaussian_filter(inside, 2.0), 0, 1)[..., None]
    shift[[0, -1]] = shift[:, [0, -1]] = shift[:, :, [0, -1]] = 0.0
    grid = np.eye(4)
    grid[:3, :3] = np.fliplr(np.eye(3)) * 6.0
    grid[:3, 3] = -75.0
    field = DisplacementField(shift, grid)
    return Warp(field, field)


def registration(warp: Warp | None) -> ImageRegistration:
    keys = ImageKey("9.1", 0, "1.2"), ImageKey("9.2", 0, "4.5")
    return ImageRegistration(*keys, Transform(FIXED, MOVING, POSE), warp, ERROR, "test")


def itk_picture(
    volume: Volume, warp: Warp | None, plane: SlicePlane, size_px: tuple[int, int], mm: float
) -> np.ndarray:
    """The same slice by SimpleITK: an image resampled through a composite transform."""
    image = SimpleITK.GetImageFromArray(volume.voxels.astype(np.float32))
    axes = np.fliplr(volume.axes)
    image.SetDirection(axes.ravel().tolist())
    image.SetSpacing(volume.spacing_mm[::-1].tolist())
    image.SetOrigin(volume.origin_mm.tolist())
    moving_from_fixed = np.linalg.inv(POSE)
    rigid_part = SimpleITK.AffineTransform(3)
    rigid_part.SetMatrix(moving_from_fixed[:3, :3].ravel().tolist())
    rigid_part.SetTranslation(moving_from_fixed[:3, 3].tolist())
    transform = SimpleITK.CompositeTransform(3)
    transform.AddTransform(rigid_part)
    if warp is not None:
        field = SimpleITK.GetImageFromArray(warp.forward.shift_mm.astype(np.float64), isVector=True)
        field.SetSpacing([6.0, 6.0, 6.0])
        field.SetOrigin([-75.0, -75.0, -75.0])
        transform.AddTransform(SimpleITK.DisplacementFieldTransform(field))
    matrix = patient_from_pixel(plane, size_px, mm)
    resample = SimpleITK.ResampleImageFilter()
    resample.SetSize([size_px[0], size_px[1], 1])
    resample.SetOutputOrigin(matrix[:3, 3].tolist())
    resample.SetOutputSpacing([mm, mm, mm])
    resample.SetOutputDirection((matrix[:3, :3] / mm).ravel().tolist())
    resample.SetTransform(transform)
    resample.SetInterpolator(SimpleITK.sitkLinear)
    resample.SetDefaultPixelValue(-1e9)
    found = SimpleITK.GetArrayFromImage(resample.Execute(image))[0]
    return np.where(found < -1e8, np.nan, found)


@pytest.mark.parametrize("warp", [None, smooth_warp()], ids=["rigid", "smooth"])
@pytest.mark.parametrize(
    ("right", "down"), [((1.0, 0, 0), (0, 1.0, 0)), ((0, 1.0, 0), (0, 0, -1.0)), ((0.6, 0.8, 0), (0, 0, -1.0))]
)
def test_a_moved_slice_is_what_simpleitk_resamples(
    warp: Warp | None, right: tuple[float, float, float], down: tuple[float, float, float]
) -> None:
    volume = moving_volume()
    plane, size_px, mm = SlicePlane((3.0, -4.0, 5.0), right, down), (151, 122), 0.9
    ours = extract_moved(volume, registration(warp), plane, size_px, mm)
    theirs = itk_picture(volume, warp, plane, size_px, mm)
    both = np.isfinite(ours) & np.isfinite(theirs)
    assert both.mean() > 0.15
    scale = float(np.std(theirs[both]))
    # Between its coarse pixels our positions are interpolated: a few hundredths of a millimetre.
    assert np.abs(ours - theirs)[both].max() < (0.002 if warp is None else 0.12) * scale
    assert np.abs(ours - theirs)[both].mean() < (0.001 if warp is None else 0.01) * scale
    assert (np.isfinite(ours) != np.isfinite(theirs)).mean() < 0.03


def test_beyond_the_moving_image_the_fixed_one_shows_alone() -> None:
    moved = np.array([[np.nan, 100.0]], dtype=np.float32)
    grey = np.array([[200, 40]], dtype=np.uint8)
    picture = blended(grey, veil(moved, 50.0, 200.0, 0.5))
    assert picture[0, 0].tolist() == [200, 200, 200]
    tinted = float(window(np.array([[100.0]]), 50.0, 200.0)[0, 0]) * TINT
    assert np.abs(picture[0, 1] - (40.0 + (128 / 255) * (tinted - 40.0))).max() <= 1.0


def test_a_share_of_nothing_leaves_the_fixed_slice_and_of_all_the_moving_one() -> None:
    moved = np.random.default_rng(0).uniform(0.0, 100.0, size=(6, 7)).astype(np.float32)
    grey = np.random.default_rng(1).integers(0, 255, size=(6, 7)).astype(np.uint8)
    none, full = (blended(grey, veil(moved, 50.0, 100.0, share)) for share in (0.0, 1.0))
    assert (none == grey[..., None]).all()
    assert np.abs(full - window(moved, 50.0, 100.0)[..., None] * TINT).max() <= 1.0
