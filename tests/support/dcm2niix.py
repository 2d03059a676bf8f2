"""What the converter dcm2niix makes of a folder, in patient space, to compare with what Auricle makes of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import nibabel
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from core.volume import Volume


def converted(folder: Path, out: Path, suffix: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Values (n,) and LPS places (n, 3) of the voxels of its file; skips where the program is absent.

    Args:
        suffix: of the file that is meant, such as "_Eq_1" for the one that it made even.
    """
    program = shutil.which("dcm2niix")
    if program is None:
        pytest.skip("dcm2niix is not installed (Debian package dcm2niix)")
    out.mkdir()
    # Rescaled as DICOM says (-p n), not by the private factors of one vendor.
    call = [program, "-p", "n", "-z", "n", "-b", "n", "-f", "x", "-o", str(out), str(folder)]
    subprocess.run(call, check=True, capture_output=True, timeout=120)
    image = nibabel.load(out / f"x{suffix}.nii")
    values = np.asanyarray(image.dataobj)
    values = values.reshape(*values.shape[:3], -1)[..., 0]
    places = nibabel.affines.apply_affine(image.affine, np.argwhere(np.ones(values.shape)))
    return values.astype(np.float64).ravel(), places * (-1.0, -1.0, 1.0)


def sampled(volume: Volume, places_mm: np.ndarray) -> np.ndarray:
    """Values (n,) of a volume at LPS places, straight between voxels; NaN beyond it and beside its air."""
    index = volume.indices_from_patient(places_mm).T
    voxels = volume.voxels.astype(np.float64)
    if volume.unit == "HU":
        voxels = np.where(voxels == -1024, np.nan, voxels)
    nearest = np.where(np.abs(index - np.rint(index)) < 1e-4, np.rint(index), index)
    return map_coordinates(voxels, nearest, order=1, cval=np.nan)
