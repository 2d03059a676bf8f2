"""A calibration takes at most 40 pictures of a source, spread over all of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli import calibrate


@pytest.mark.parametrize(("n_files", "n_taken"), [(1, 1), (39, 39), (40, 40), (41, 40), (79, 40), (123, 40)])
def test_a_folder_gives_at_most_forty_pictures_from_its_first_to_its_last(
    n_files: int, n_taken: int, tmp_path: Path
) -> None:
    for i in range(n_files):
        Image.fromarray(np.full((4, 4, 3), i, np.uint8)).save(tmp_path / f"{i:03}.png")
    taken = [int(picture[0, 0, 0]) for picture in calibrate._pictures([tmp_path])]
    assert len(taken) == n_taken
    assert (taken[0], taken[-1]) == (0, n_files - 1)
    steps = np.diff(taken)
    assert n_files == 1 or 1 <= steps.min() <= steps.max() <= steps.min() + 1


@pytest.mark.parametrize("n_images", [1, 40, 41, 79, 80, 81, 1000])
def test_a_video_of_unknown_length_gives_pictures_a_steady_step_apart(n_images: int) -> None:
    images = (np.full((1,), i) for i in range(n_images))
    taken = [int(image[0]) for image in calibrate._spread(images, None)]
    assert min(n_images, 20) <= len(taken) <= 40
    assert len(set(np.diff(taken))) <= 1
    assert n_images - 1 - taken[-1] < max(n_images / 20, 1)
