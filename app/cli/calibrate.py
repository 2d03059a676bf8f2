"""`auricle calibrate FRAMES`: camera.json from pictures or a video of the printed board."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from app.cli.console import progress_of, say, write_json

MOST_PICTURES = 40
WORKING_MM = 700.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the pictures, the board and where the result goes."""
    parser.add_argument("frames", type=Path, nargs="+", help="pictures, a folder of pictures, or a video")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="camera.json")
    parser.add_argument(
        "--board", type=Path, metavar="FILE", help="board.json; the sheet of `auricle board` without"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write which pictures were used and how they fit"
    )
    parser.add_argument(
        "--device", default="", metavar="NAME", help="which camera this is, to be compared later"
    )
    parser.add_argument("--focus", type=float, metavar="VALUE", help="the driver's focus setting, fixed")


def run(options: argparse.Namespace) -> None:
    """Calibrate and write. Raises PlannerError when the pictures do not allow it."""
    from ar.board import default_board, read_board
    from ar.calibration import CameraRecord, calibrate_views, write_camera

    board = read_board(options.board) if options.board else default_board()
    images = _pictures(options.frames)
    result = calibrate_views(images, board, progress_of(options))
    camera, focus = result.camera, options.focus
    is_locked = None if focus is None else True
    n_views = len(result.used)
    record = CameraRecord(camera, options.device, focus, is_locked, result.covariance, n_views)
    write_camera(record, options.out)
    say(f"{len(result.used)} of {len(images)} pictures used, points miss by {camera.rms_px:.3f} px")
    sure = "unknown" if camera.focal_error_percent is None else f"{camera.focal_error_percent:.3f} %"
    say(f"focal length {camera.camera_matrix[0, 0]:.1f} px, expected error {sure}")
    error_mm = record.working_error_mm(WORKING_MM)
    if error_mm is not None:
        say(f"that is {error_mm:.2f} mm of depth at {WORKING_MM:g} mm")
    say(f"lens model: {result.shape.title}")
    say(f"points were seen in {result.covered:.0%} of the picture's area")
    say(f"wrote {options.out}")
    if options.json is not None:
        write_json(
            options.json,
            {
                "used": list(result.used),
                "view_rms_px": list(result.view_rms_px),
                "covered": result.covered,
                "rms_px": camera.rms_px,
                "focal_error_percent": camera.focal_error_percent,
                "depth_error_mm_at_700": error_mm,
                "lens": result.shape.title,
                "held_out_px": {shape.title: px for shape, px in result.held_out_px.items()},
            },
        )


def _pictures(places: list[Path]) -> list[np.ndarray]:
    """At most 40 pictures of each place, evenly spread, uint8 (height, width, 3) rgb."""
    from ar.source import frames_of, open_source

    images = []
    for place in places:
        source = open_source(place)
        images += _spread((frame.image for frame in frames_of(source)), source.n_frames)
    return images


def _spread(images: Iterable[np.ndarray], n_images: int | None) -> list[np.ndarray]:
    """At most 40 of them from the first to the last; of a video that does not say its length, 20 or more."""
    if n_images is not None:
        n_wanted = min(n_images, MOST_PICTURES)
        wanted = {round(i * (n_images - 1) / max(n_wanted - 1, 1)) for i in range(n_wanted)}
        return [image for i, image in enumerate(images) if i in wanted]
    kept: list[np.ndarray] = []
    step = 1
    for i, image in enumerate(images):
        if i % step:
            continue
        if len(kept) == MOST_PICTURES:
            kept, step = kept[::2], 2 * step
        if i % step == 0:
            kept.append(image)
    return kept
