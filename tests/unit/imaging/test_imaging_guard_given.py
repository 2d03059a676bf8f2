"""Given things through the guard are what they are without it; the worst of them end in a sentence, in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.anatomy import Anatomy
from core.errors import Cancelled, PlannerError
from core.mesh import SurfaceMesh
from core.progress import Reporting
from core.study import Series, SeriesKind
from core.volume import LabelMap, Volume
from imaging.formats import surfaces
from imaging.given import read, report
from imaging.guard import alive, doors, given
from imaging.outputs.source import read_source
from tests.support import given_files
from tests.support.given_files import FRAME, PLAN, VOLUMES_ML, ball

LONGEST_S = 15.0


@pytest.fixture
def labels(oblique: Volume) -> LabelMap:
    """Two structures on the oblique grid."""
    values = np.zeros(oblique.shape, dtype=np.uint8)
    values[1:4, 1:4, 2:5] = 2
    values[1:3, 2:4, 2:4] = 1
    return LabelMap(values, oblique.patient_from_index, {1: "lv", 2: "lv_myocardium"}, FRAME)


@pytest.fixture
def files(labels: LabelMap, tmp_path: Path) -> dict[str, Path]:
    """A valid file of each kind."""
    return given_files.write_all(tmp_path / "given", labels)


def series(kind: SeriesKind, *paths: Path) -> Series:
    return Series("1", "", "", (paths,), (1, 1, 1), None, kind=kind)


def assert_same_mesh(one: SurfaceMesh, other: SurfaceMesh) -> None:
    assert np.array_equal(one.vertices, other.vertices)
    assert np.array_equal(one.faces, other.faces)
    assert list(one.fields) == list(other.fields)
    for name, values in one.fields.items():
        assert np.array_equal(values, other.fields[name])


def assert_same(one: Anatomy, other: Anatomy) -> None:
    assert one.frame_of_reference_uid == other.frame_of_reference_uid
    assert one.findings == other.findings
    assert list(one.surfaces) == list(other.surfaces)
    for key, mesh in one.surfaces.items():
        assert_same_mesh(mesh, other.surfaces[key])
    assert {name: place.tolist() for name, place in one.landmarks.items()} == {
        name: place.tolist() for name, place in other.landmarks.items()
    }
    assert (one.labels is None) == (other.labels is None)
    if one.labels is not None and other.labels is not None:
        assert np.array_equal(one.labels.labels, other.labels.labels)
        assert np.array_equal(one.labels.patient_from_index, other.labels.patient_from_index)
        assert one.labels.names == other.labels.names
        assert one.labels.frame_of_reference_uid == other.labels.frame_of_reference_uid


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (SeriesKind.SEGMENTATION, ("seg",)),
        (SeriesKind.CONTOURS, ("rtstruct",)),
        (SeriesKind.SURFACE, ("stl-dicom", "obj-dicom")),
    ],
)
def test_a_given_series_through_the_guard_is_the_series_without_it(
    files: dict[str, Path], kind: SeriesKind, names: tuple[str, ...]
) -> None:
    wanted = series(kind, *(files[name] for name in names))
    found = given.read_given(wanted)
    assert_same(found, read.read_given(wanted))
    assert found.labels is not None or len(found.surfaces) == 2


@pytest.mark.parametrize("suffix", ["stl", "ply", "obj"])
def test_a_surface_file_through_the_guard_is_the_file_without_it(files: dict[str, Path], suffix: str) -> None:
    found = given.read_surface(files[suffix], "cm", "RAS")
    assert_same_mesh(found, surfaces.read_surface(files[suffix], "cm", "RAS"))
    # The writers state LPS, which goes before what a person says.
    assert found.volume_ml == pytest.approx(1000.0 * ball().volume_ml, rel=1e-3)


def test_a_glb_through_the_guard_is_the_file_without_it(files: dict[str, Path]) -> None:
    found = given.read_glb(files["glb"])
    assert_same(found, surfaces.read_glb(files["glb"]))
    assert list(found.surfaces["lv"].fields) == ["error_mm"]


def test_a_report_through_the_guard_says_what_it_says_without_it(files: dict[str, Path]) -> None:
    found, plain = given.read_report(files["sr"]), report.read_report(files["sr"])
    assert found.volumes_ml == plain.volumes_ml == pytest.approx(VOLUMES_ML)
    assert found.findings == plain.findings
    assert found.plan.frame_of_reference_uid == FRAME
    assert [(type(item), item.name) for item in found.plan.items] == [
        (type(item), item.name) for item in PLAN.items
    ]
    assert [item.item_id for item in found.plan.items] != [item.item_id for item in plain.plan.items]


Worst = Callable[[dict[str, Path], Path], object]


def read_stl(files: dict[str, Path], path: Path) -> object:
    return given.read_surface(given_files.stl_of_four_billion_triangles(path.with_suffix(".stl")), "mm")


def read_segmentation(files: dict[str, Path], path: Path) -> object:
    hostile = given_files.segmentation_of_terabytes(path, files["seg"])
    return given.read_given(series(SeriesKind.SEGMENTATION, hostile))


def read_contours(files: dict[str, Path], path: Path) -> object:
    hostile = given_files.contours_of_a_billion_numbers(path, files["rtstruct"])
    return given.read_given(series(SeriesKind.CONTOURS, hostile))


def read_nested(files: dict[str, Path], path: Path) -> object:
    return given.read_report(given_files.report_nested(path, files["sr"]))


@pytest.mark.parametrize(
    ("worst", "why"),
    [
        (read_stl, "no valid triangles"),
        (read_segmentation, "do not say where they lie|more than 2 GB|cut short"),
        (read_contours, "more than 2 GB"),
        (read_nested, "damaged"),
    ],
)
def test_the_worst_file_is_refused_in_time_and_the_next_one_is_read(
    files: dict[str, Path], tmp_path: Path, worst: Worst, why: str
) -> None:
    started = time.monotonic()
    with pytest.raises(PlannerError, match=why):
        worst(files, tmp_path / "worst")
    assert time.monotonic() - started < LONGEST_S
    assert given.read_report(files["sr"]).plan.items


def test_reading_stops_when_it_is_cancelled(files: dict[str, Path]) -> None:
    stop = Reporting(lambda stage, done: None, lambda: True)
    for door in (
        lambda: given.read_given(series(SeriesKind.SEGMENTATION, files["seg"]), stop),
        lambda: given.read_surface(files["stl"], "mm", progress=stop),
        lambda: given.read_glb(files["glb"], stop),
        lambda: given.read_report(files["sr"], stop),
        lambda: read_source([files["seg"]], stop),
    ):
        with pytest.raises(Cancelled):
            door()


def test_a_source_that_is_no_dicom_or_gone_is_refused_with_its_reason(
    files: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(PlannerError, match="no study or instance UID"):
        read_source([files["seg"], files["stl"]])
    with pytest.raises(PlannerError, match="gone"):
        read_source([tmp_path / "nothing"])


def test_a_surface_that_contradicts_itself_on_its_way_is_refused(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lying(*_: object):
        yield from given._parts(Anatomy({"lv": ball()}, FRAME))
        yield np.zeros(3)

    monkeypatch.setattr(doors.CREW, "stream", lying)
    with pytest.raises(PlannerError, match="damaged"):
        given.read_glb(files["glb"])


def test_work_that_goes_on_says_so_each_second_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[float] = []
    now = [100.0]
    monkeypatch.setattr(alive, "_say", lambda: said.append(now[0]))
    monkeypatch.setattr(alive, "start_clock", lambda: None)
    monkeypatch.setattr(alive.time, "monotonic", lambda: now[0])
    progress = alive.Alive()
    while now[0] < 300.0:
        now[0] += 0.25
        progress.report("Reading", 0.0)
    assert len(said) == pytest.approx(alive.LONGEST_S / 1.25, abs=1)
    assert max(said) < 100.0 + alive.LONGEST_S
