"""A real CT of a toy-brick phantom: its studs stand 8.0 mm apart, and they must do so on our surface."""

from pathlib import Path

import numpy as np
import pytest

from core.volume import Volume
from imaging.find.scan import scan_folder
from imaging.slices.load import load_series
from recon.surface import surface_at_level
from tests.support.studs import measure_studs

PLATE_MM = np.array([[-60.0, 20.0, -206.0], [42.0, 31.0, -86.0]])
"""Where the base plate lies in the scanner; the couch and the outer walls are left out."""

UP = np.array([0.0, -1.0, 0.0])
"""The studs point to the front of where a patient would lie."""


PLATE_ROWS = slice(295, 340)
"""The rows of the picture with the base plate: the couch below is as large again and tells nothing."""


@pytest.fixture(scope="module")
def plate(real_data: Path) -> Volume:
    folder = real_data / "brick-phantom-ct"
    if not folder.is_dir():
        pytest.skip("no brick-phantom-ct among the real data")
    (series,) = scan_folder(folder).series
    volume = load_series(series)
    affine = volume.patient_from_index.copy()
    affine[:, 3] = affine @ [0.0, PLATE_ROWS.start, 0.0, 1.0]
    return Volume(volume.voxels[:, PLATE_ROWS], affine, volume.frame_of_reference_uid, volume.unit)


@pytest.mark.real
@pytest.mark.parametrize("level_hu", [-650.0, -600.0])
def test_the_studs_of_the_brick_phantom_stand_eight_millimetres_apart(plate: Volume, level_hu: float):
    """Walls thinner than the scanner's blur stay well below the plastic's own brightness: hence low levels."""
    mesh = surface_at_level(plate, level_hu)
    lattice = measure_studs(mesh, UP, PLATE_MM)
    assert mesh.is_closed
    assert lattice.n_studs > 100
    assert lattice.pitch_mm == pytest.approx((8.0, 8.0), abs=0.1)
    assert lattice.angle_deg == pytest.approx(90.0, abs=0.3)
    assert lattice.rms_mm < 0.5
