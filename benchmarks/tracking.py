"""Marker bodies in camera pictures with exact truth: Auricle's tracker beside others and the Cramer-Rao bound."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ar.frame import CameraFrame
from ar.opencv import cv2
from ar.synthetic import Exposure, Look
from benchmarks.report import Comparison, Figure, Row, as_markdown, write
from benchmarks.tracking_bound import bound_of
from benchmarks.tracking_peers import (
    Found,
    anchor,
    auricle,
    each,
    opencv_charuco,
    opencv_markers,
    pupil_apriltags,
)
from benchmarks.tracking_scenes import Scene, boards, hand_held, stills, troubled

BESIDE_MM, BEHIND_MM = 150.0, 60.0
WRONG_DEG = 10.0
BOUND_FRAMES = 3
BOUNDED_VIDEOS = ("moving", "12 small moving")
ANCHOR = "AURICLE_ANCHOR_PYTHON"
Way = Callable[[Scene, list[CameraFrame]], Found | None]


@dataclass(frozen=True)
class Errors:
    """Of one contender in one scene; NaN where nothing was found.

    Attributes:
        tre_mm, p95_mm: error of the target, median and 95th percentile.
        jitter_mm: how the target's error changes from frame to frame, root mean square over the square root of 2.
        turn_deg: median error of the rotation. overlay_px: 95th percentile of the target's error in the picture.
        n_found, n_frames, n_wrong: poses given, pictures, and poses turned by more than 10 degrees.
    """

    tre_mm: float
    p95_mm: float
    jitter_mm: float
    turn_deg: float
    overlay_px: float
    n_found: int
    n_frames: int
    n_wrong: int


def compare(quick: bool, anchor_python: Path | None = None, n_stills: int = 24) -> Comparison:
    """All scenes, all contenders.

    Args:
        quick: four pictures of each board.
        anchor_python: the interpreter that has scikit-surgeryarucotracker.
        n_stills: pictures of each board; videos have four and a half times as many frames.
    """
    python = anchor_python or (Path(os.environ[ANCHOR]) if ANCHOR in os.environ else None)
    ways: dict[str, Way] = {
        "Auricle": auricle,
        "OpenCV default": each(opencv_markers(cv2.aruco.CORNER_REFINE_NONE)),
        "OpenCV SUBPIX": each(opencv_markers(cv2.aruco.CORNER_REFINE_SUBPIX)),
        "OpenCV ChArUco": each(opencv_charuco),
        "pupil-apriltags": each(pupil_apriltags),
    }
    if python is not None:
        ways["scikit-surgeryarucotracker"] = anchor(python)
    figures: dict[str, dict[str, Figure]] = {who: {} for who in (*ways, "Cramer-Rao bound")}
    cpu_s = dict.fromkeys(figures, float("nan"))
    for scene in scenes(4 if quick else n_stills):
        frames = list(scene.frames())
        if scene.name in (*boards(), *BOUNDED_VIDEOS):
            bound = bound_of(scene, BOUND_FRAMES, target_mm(scene))
            figures["Cramer-Rao bound"][f"{scene.name} TRE mm"] = bound.tre_mm
            if scene.is_video:
                figures["Cramer-Rao bound"][f"{scene.name} jitter mm"] = bound.jitter_mm
        for who, way in ways.items():
            found = way(scene, frames)
            if found is None:
                continue
            figures[who].update(_figures(scene, errors_of(scene, found)))
            if scene.name == "moving":
                cpu_s[who] = found.cpu_s
                stages = {f"moving CPU ms {stage}": s * 1e3 for stage, s in found.stages_s.items()}
                figures[who].update(stages)
        print(f"{scene.name}: {len(frames)} pictures done", file=sys.stderr, flush=True)
    notes = [
        f"TRE: error of a point {BESIDE_MM:g} mm beside the board's middle and {BEHIND_MM:g} mm behind it; median",
        "ms: processor time of a moving frame, also by stage; 1280x720, lens known exactly, grey noise of 5",
        f"wrong: poses given as sure that are turned by more than {WRONG_DEG:g} degrees, in all scenes",
    ]
    if python is None:
        notes.append(f"scikit-surgeryarucotracker left out: {ANCHOR} or --anchor names no Python that has it")
    rows = [Row(who, cpu_s[who], _with_total(values)) for who, values in figures.items()]
    return Comparison("The pose of marker boards in synthetic pictures", tuple(rows), tuple(notes))


def scenes(n: int) -> list[Scene]:
    """Stills of every board, a camera that holds still and one that moves, and troubles."""
    m = 9 * n // 2
    all_boards = boards()
    sheet = all_boards["A4, 20 tags"]
    listed = [stills(name, board, n, seed) for seed, (name, board) in enumerate(all_boards.items())]
    listed.append(hand_held("still camera", sheet, m // 3, 20, speed=0.0))
    listed.append(hand_held("moving", sheet, m, 21))
    listed.append(hand_held("12 small moving", all_boards["12 small tags"], m // 2, 21))
    # A webcam's rows are lit one after the other, over most of the time between two frames.
    listed.append(hand_held("rolling shutter", sheet, m // 2, 21, Exposure(readout_s=0.02)))
    listed += [troubled(trouble, sheet, n, 30, trouble) for trouble in ("covered", "glare")]
    webcam = Look(gamma=2.2, jpeg_quality=85, clutter=50.0, noise=4.0, shade=0.3)
    listed.append(hand_held("webcam", sheet, m // 2, 22, look=webcam))
    listed.append(hand_held("blurred", sheet, m // 2, 23, Exposure(0.02, 0.0, 9), speed=1.6))
    listed.append(hand_held("one tag moving", all_boards["one tag"], m, 24, Exposure(0.01, 0.0, 3)))
    return listed


def target_mm(scene: Scene) -> np.ndarray:
    """Where the heart would be, (3,) in the board's frame."""
    return np.asarray(scene.board.bodies[0].centre_mm + (BESIDE_MM, 0.0, BEHIND_MM))


def errors_of(scene: Scene, found: Found) -> Errors:
    """Compare poses with the truth."""
    target = target_mm(scene)
    apart, turns, overlay, steps = [], [], [], []
    before: np.ndarray | None = None
    for pose, truth in zip(found.poses, scene.truths(), strict=True):
        if pose is None:
            before = None
            continue
        seen, true = (m[:3, :3] @ target + m[:3, 3] for m in (pose, truth))
        error = seen - true
        apart.append(float(np.linalg.norm(error)))
        cosine = (np.trace(pose[:3, :3].T @ truth[:3, :3]) - 1.0) / 2.0
        turns.append(float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))))
        overlay.append(float(np.linalg.norm(np.subtract(*scene.camera.project(np.stack([seen, true]))))))
        if before is not None:
            steps.append(float(np.linalg.norm(error - before)))
        before = error
    if not apart:
        nan = float("nan")
        return Errors(nan, nan, nan, nan, nan, 0, len(found.poses), 0)
    jitter = float(np.sqrt(np.mean(np.square(steps)) / 2.0)) if steps else float("nan")
    n_wrong = sum(turn > WRONG_DEG for turn in turns)
    return Errors(
        float(np.median(apart)),
        float(np.percentile(apart, 95)),
        jitter,
        float(np.median(turns)),
        float(np.percentile(overlay, 95)),
        len(apart),
        len(found.poses),
        n_wrong,
    )


def _figures(scene: Scene, errors: Errors) -> dict[str, Figure]:
    name = scene.name
    figures: dict[str, Figure] = {
        f"{name} TRE mm": errors.tre_mm,
        f"{name} p95 mm": errors.p95_mm,
        f"{name} found": f"{errors.n_found}/{errors.n_frames}",
        f"{name} wrong": errors.n_wrong,
        f"{name} turn deg": errors.turn_deg,
    }
    if scene.is_video:
        figures |= {f"{name} jitter mm": errors.jitter_mm, f"{name} overlay p95 px": errors.overlay_px}
    return figures


def _with_total(figures: dict[str, Figure]) -> dict[str, Figure]:
    wrong = sum(value for key, value in figures.items() if key.endswith(" wrong") and isinstance(value, int))
    return {**{k: v for k, v in figures.items() if not k.endswith(" wrong")}, "wrong": wrong}


def as_columns(comparison: Comparison) -> str:
    """The comparison with one contender a column and the ratios to Auricle: there are more figures than contenders."""
    rows = comparison.rows
    names = list(dict.fromkeys(key for row in rows for key in row.figures))
    head = ["", *(row.who for row in rows)]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines.append(
        f"| CPU ms a frame | {' | '.join(_ratio(row.seconds * 1e3, rows[0].seconds * 1e3) for row in rows)} |"
    )
    for name in names:
        first = rows[0].figures.get(name, "")
        lines.append(f"| {name} | {' | '.join(_ratio(row.figures.get(name, ''), first) for row in rows)} |")
    return "\n".join(lines)


def _ratio(figure: Figure, first: Figure) -> str:
    if not isinstance(figure, float):
        return str(figure)
    if not np.isfinite(figure):
        return ""
    is_other = isinstance(first, float) and figure != first and first > 0
    return f"{figure:.3g}" + (f" (x{figure / first:.1f})" if is_other and isinstance(first, float) else "")


def main() -> None:
    """Run with the anchor's interpreter as an option, print and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tracking", description=__doc__)
    parser.add_argument(
        "--anchor", type=Path, metavar="PYTHON", help="python that has scikit-surgeryarucotracker"
    )
    parser.add_argument("--quick", action="store_true", help="few pictures: whether it runs, not how well")
    parser.add_argument("--pictures", type=int, default=24, metavar="N", help="stills of each board")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    options = parser.parse_args()
    comparison = compare(options.quick, options.anchor, options.pictures)
    write("tracking", comparison, options.out)
    page = as_markdown("tracking", comparison).splitlines()
    print("\n".join([*page[:4], as_columns(comparison), *page[-5:]]))


if __name__ == "__main__":
    main()
