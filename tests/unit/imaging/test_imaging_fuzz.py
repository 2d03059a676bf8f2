"""Whatever is done to a file: a volume or a sentence, in time, and never the end of the program."""

from __future__ import annotations

import importlib.util
import os
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from types import ModuleType

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from core.errors import PlannerError
from core.study import Series, SeriesKind
from core.volume import LabelMap, Volume
from imaging.find.scan import scan_folder
from imaging.formats.nifti import write_volume
from imaging.guard import doors, given
from imaging.slices.load import load_path
from tests.support import given_files

REPOSITORY = Path(__file__).resolve().parents[3]
BUDGET_S = 75.0
LONGEST_S = 15.0


def mutations() -> ModuleType:
    place = REPOSITORY / "tests" / "support" / "mutations.py"
    spec = importlib.util.spec_from_file_location("mutations", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def peak_bytes(pid: int | str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0


@pytest.fixture
def held_bytes() -> int:
    """What this process holds when a test begins; its peak starts anew there, because earlier tests had their own."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_bytes("self")


def outcome(path: Path) -> str:
    """What `auricle convert` would end with, and how long it took."""
    started = time.monotonic()
    try:
        volumes = load_path(path)
    except PlannerError as refusal:
        told = refusal.why
    else:
        assert all(np.isfinite(volume.patient_from_index).all() for volume in volumes)
        told = "a volume"
    assert time.monotonic() - started < LONGEST_S
    return told


@pytest.fixture
def seeds(oblique: Volume, write_dicom, tmp_path: Path) -> list[Path]:
    """One valid file of each of several kinds."""
    one = replace(oblique, voxels=oblique.voxels[:1])

    def packed(index: int, dataset: pydicom.Dataset) -> None:
        dataset.compress(pydicom.uid.RLELossless)

    def long(index: int, dataset: pydicom.Dataset) -> None:
        dataset.NumberOfFrames, dataset.PixelData = 4, dataset.PixelData * 4

    files = [
        write_dicom(one, "ct")[0],
        write_dicom(replace(one, modality="MR"), "mr")[0],
        write_dicom(one, "rle", change=packed)[0],
        write_dicom(one, "long", change=long)[0],
    ]
    write_volume(oblique, tmp_path / "v.nii")
    write_volume(oblique, tmp_path / "v.nii.gz")
    sitk.WriteImage(sitk.GetImageFromArray(oblique.voxels), tmp_path / "v.mha")
    sitk.WriteImage(sitk.GetImageFromArray(oblique.voxels), tmp_path / "v.nrrd")
    return [*files, *(tmp_path / name for name in ("v.nii", "v.nii.gz", "v.mha", "v.nrrd"))]


def suffix(path: Path) -> str:
    return "".join(path.suffixes) if path.name.startswith("v.") else ".dcm"


def real_seeds() -> list[Path]:
    """Small real files of many vendors, where there are any."""
    data = Path(os.environ.get("AURICLE_DATA", REPOSITORY.parent / "shared" / "data")) / "dicom-variety"
    return sorted(path for path in data.rglob("*") if path.is_file() and path.stat().st_size < 300_000)


def test_single_hostile_files_are_refused_in_time(held_bytes: int, seeds: list[Path], tmp_path: Path) -> None:
    kinds = mutations()
    for name in ("nest", "claim_size", "as_fragments", "wrong_syntax"):
        place = tmp_path / name
        place.mkdir()
        for number in range(3):
            content = getattr(kinds, name)(seeds[0].read_bytes(), Random(number))
            (place / f"{number}.dcm").write_bytes(content)
            outcome(place / f"{number}.dcm")
    assert peak_bytes("self") - held_bytes < 1 << 30


def given_outcome(kind: str, path: Path) -> str:
    """What opening a given thing would end with, and how long it took."""
    kinds = {"seg": SeriesKind.SEGMENTATION, "rtstruct": SeriesKind.CONTOURS}
    started = time.monotonic()
    try:
        if kind == "sr":
            given.read_report(path)
        elif kind == "glb":
            given.read_glb(path)
        elif kind in ("stl", "ply", "obj"):
            given.read_surface(path, "mm")
        else:
            series = Series("1", "", "", ((path,),), (1, 1, 1), None, kind=kinds.get(kind, SeriesKind.SURFACE))
            found = given.read_given(series)
            assert found.surfaces or found.labels is not None
        told = "something"
    except PlannerError as refusal:
        told = refusal.why
    assert time.monotonic() - started < LONGEST_S
    return told


@pytest.mark.slow
def test_mutations_of_given_things_never_do_more_than_be_refused(
    held_bytes: int, oblique: Volume, tmp_path: Path
) -> None:
    values = np.zeros(oblique.shape, dtype=np.uint8)
    values[1:4, 1:4, 2:5] = 1
    labels = LabelMap(values, oblique.patient_from_index, {1: "lv"}, given_files.FRAME)
    seeds = given_files.write_all(tmp_path / "valid", labels)
    kinds = mutations().MUTATIONS
    told: dict[str, set[str]] = {kind: {given_outcome(kind, path)} for kind, path in seeds.items()}
    assert told == {kind: {"something"} for kind in seeds}
    until = time.monotonic() + BUDGET_S
    number = 0
    while time.monotonic() < until:
        rng = Random(number)
        kind = list(seeds)[number % len(seeds)]
        content = seeds[kind].read_bytes()
        for _ in range(rng.choice((1, 1, 2))):
            content = rng.choice(kinds)(content, rng) if content else content
        path = tmp_path / f"{number}{seeds[kind].suffix}"
        path.write_bytes(content)
        why = given_outcome(kind, path)
        told[kind].add(why)
        assert "Doe" not in why
        path.unlink()
        number += 1
    assert number > 50
    assert all(len(whys) > 1 for whys in told.values())
    assert peak_bytes("self") - held_bytes < 1 << 30


@pytest.mark.slow
def test_mutations_of_valid_files_never_do_more_than_be_refused(
    held_bytes: int, seeds: list[Path], tmp_path: Path
) -> None:
    kinds = mutations().MUTATIONS
    seeds = [*seeds, *real_seeds()]
    folder = tmp_path / "mutated"
    told: dict[str, int] = {}
    until = time.monotonic() + BUDGET_S
    number = 0
    while time.monotonic() < until:
        rng = Random(number)
        seed = seeds[number % len(seeds)]
        content = seed.read_bytes()
        for _ in range(rng.choice((1, 1, 2))):
            content = rng.choice(kinds)(content, rng) if content else content
        place = folder / str(number)
        place.mkdir(parents=True)
        path = place / f"x{suffix(seed)}"
        path.write_bytes(content)
        why = outcome(path)
        told[why] = told.get(why, 0) + 1
        assert "Doe" not in why
        number += 1
    child = doors.CREW.take()
    assert peak_bytes(child.pid) < 2 << 30
    doors.CREW.give_back(child)
    assert peak_bytes("self") - held_bytes < 1 << 30
    scan = scan_folder(folder)
    assert "Doe" not in str(scan.findings)
    assert told.get("a volume", 0) < number
    assert number > 50
