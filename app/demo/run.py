"""Runs the demo: patient, reconstruction, plan, tracking, overlay, and how far each is from the truth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np

from app.case import SUFFIX, Case, write_case
from app.cli.console import write_json
from app.demo.plan import example_plan
from app.demo.truth import tracking_errors
from app.demo.video import OUT_OF_VIEW, frame_of_video, track_over_board
from app.phantom import PhantomFiles, write_phantom
from app.pictures import heart, save_picture, slices_with_contours
from app.results import write_results
from app.scoring import score
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.progress import Progress
from core.resources import RESEARCH_NOTICE
from core.study import Series
from core.volume import Volume
from plan.plan import Plan
from render.view import ViewState

# One of the patients that no training has seen (recon.train.samples.TEST_SEEDS and up).
DEMO_SEED = 2_000_001


@dataclass
class _Diary:
    """Seconds per step of the demo, said as they pass."""

    say: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[title] = round(time.perf_counter() - started, 2)
        self.say(f"{title}: {self.seconds[title]:.1f} s")


def run_demo(folder: Path, progress: Progress, say: Callable[[str], None], seed: int = DEMO_SEED) -> Path:
    """Run everything into `folder` and print what was done; returns the case that was made, to be opened.

    Raises PlannerError when a step refuses, Cancelled when the user stops it.
    """
    diary = _Diary(say)
    with diary.step("make the patient's CT and MR as DICOM"):
        phantom = write_phantom(folder / "patient", seed, progress=progress)
    results: dict[str, object] = {}
    chosen: tuple[Series, Anatomy] | None = None
    for modality in ("CT", "MR"):
        with diary.step(f"open and reconstruct the {modality}"):
            series, volume, anatomy = _reconstruct(phantom.study, modality, folder, progress)
        with diary.step(f"compare the {modality} with the truth"):
            results[modality] = _compare(phantom, modality, anatomy, say)
        chosen = chosen or (series, anatomy)
        save_picture(slices_with_contours([volume], anatomy), folder / f"slices-{modality.lower()}.png")
    assert chosen is not None
    series, anatomy = chosen
    with diary.step("plan and picture the heart"):
        plan = _plan_and_pictures(anatomy, folder)
        case = _save_case(anatomy, plan, phantom.study, series, folder / f"patient{SUFFIX}", progress)
    with diary.step("film, track and overlay"):
        results["tracking"] = _track(anatomy, plan, folder / "ar", progress, say)
    report = {
        "seed": seed,
        "seconds": diary.seconds,
        "errors": results,
        "version": version("auricle"),
        "notice": RESEARCH_NOTICE,
    }
    write_json(folder / "report.json", report)
    return case


def _reconstruct(
    study: Path, modality: str, folder: Path, progress: Progress
) -> tuple[Series, Volume, Anatomy]:
    """Through the same doors as any study: scan, load, reconstruct, write."""
    from imaging.find.scan import scan_folder
    from imaging.slices.load import load_series
    from recon.run import reconstruct

    scan = scan_folder(study, progress)
    series = next((s for s in scan.series if s.modality == modality), None)
    if series is None:
        raise PlannerError(f"no {modality} in the study", "it was not written whole", "run the demo again")
    volume = load_series(series, progress=progress)
    anatomy = reconstruct("heart", [volume], "auto", progress)
    write_results(anatomy, folder / modality.lower(), [study / modality.lower()], {})
    return series, volume, anatomy


def _compare(
    phantom: PhantomFiles, modality: str, anatomy: Anatomy, say: Callable[[str], None]
) -> dict[str, dict[str, float | None]]:
    assert anatomy.labels is not None
    errors = score(anatomy.labels, phantom.truth[modality], anatomy.surfaces)
    say(f"  {modality:<18} Dice  ASSD mm  HD95 mm  volume")
    for key, error in errors.items():
        distances = "   missing       "
        if error.assd_mm is not None and error.hd95_mm is not None:
            distances = f"{error.assd_mm:7.2f}  {error.hd95_mm:7.2f}"
        say(f"  {key:<18} {error.dice:.3f}  {distances}  {error.volume_error_percent:+5.1f} %")
    say(f"  {'mean':<18} {np.mean([error.dice for error in errors.values()]):.3f}")
    return {key: asdict(error) for key, error in errors.items()}


def _plan_and_pictures(anatomy: Anatomy, folder: Path) -> Plan:
    from plan.schema import write_plan

    plan = example_plan(anatomy)
    write_plan(plan, folder / "plan.json")
    save_picture(heart(anatomy, Plan(anatomy.frame_of_reference_uid)), folder / "heart.png")
    save_picture(heart(anatomy, plan), folder / "heart-cut.png")
    return plan


def _save_case(
    anatomy: Anatomy, plan: Plan, study: Path, series: Series, case: Path, progress: Progress
) -> Path:
    """What the window opens at the end: images, reconstruction and plan together."""
    content = Case(plan, anatomy, ViewState.default(anatomy), study, series.series_uid)
    write_case(content, case, progress)
    return case


def _track(
    anatomy: Anatomy, plan: Plan, folder: Path, progress: Progress, say: Callable[[str], None]
) -> dict[str, object]:
    video = track_over_board(anatomy, plan, folder, progress)
    errors = tracking_errors(video.recording.poses, video.truth, video.board.bodies[0].centre_mm)
    say(
        f"  pose error: {errors.median_mm:.3f} mm (95 % below {errors.p95_mm:.3f}), {errors.median_deg:.3f} degrees"
    )
    say(
        f"  tracked {errors.n_tracked} of {errors.n_visible} frames that show the board, {errors.n_wrong} wrongly"
    )
    for index in (10, OUT_OF_VIEW[-1], 55):
        picture = frame_of_video(folder / "overlay.mp4", index)
        save_picture(picture, folder.parent / f"overlay-{index:03d}.png")
    return {**asdict(errors), **video.recording.summary()}
