"""What a reconstruction leaves on disk has the stable names and reads back to the same geometry."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import trimesh

from app.comparison import compare_with_references
from app.demo.plan import example_plan
from app.demo.truth import tracking_errors
from app.pictures import slices_with_contours
from app.results import write_results
from ar.poses import Pose, PoseState
from core.anatomy import HEART, HEART_NAMES, Anatomy
from core.errors import Finding, PlannerError
from core.frames import CAMERA, Transform, rigid
from core.volume import LabelMap, Volume
from imaging.formats.surfaces import read_glb
from plan.items import Angle, CutPlane, Distance, Landmark
from recon.surface import conformal_surfaces_of_labels


def _anatomy() -> Anatomy:
    """Seven balls where the structures of a heart roughly lie."""
    middles = [
        (10, -10, -10),
        (36, -10, -10),
        (-20, -30, -10),
        (0, 25, 20),
        (-45, 0, 0),
        (-15, 0, 50),
        (20, -20, 45),
    ]
    affine = np.eye(4)
    affine[:3, :3] = np.fliplr(np.eye(3)) * 3.0
    affine[:3, 3] = (-75.0, -60.0, -45.0)
    labels = np.zeros((45, 45, 45), dtype=np.uint8)
    indices = np.argwhere(labels == 0)
    points = indices @ affine[:3, :3].T + affine[:3, 3]
    for kind, middle in zip(HEART, middles, strict=True):
        inside = np.linalg.norm(points - middle, axis=1) < 11.5
        labels[tuple(indices[inside].T)] = kind.value
    label_map = LabelMap(labels, affine, HEART_NAMES, "1.2.3")
    finding = Finding("test", "something", "because", "look")
    report = {"seconds": {"network": 1.0}, "device": "cpu", "volumes_ml": label_map.volumes_ml()}
    return Anatomy(
        conformal_surfaces_of_labels(label_map), "1.2.3", label_map, findings=(finding,), report=report
    )


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    return _anatomy()


def test_files_have_their_stable_names(anatomy: Anatomy, tmp_path: Path) -> None:
    write_results(anatomy, tmp_path, [Path("ct")], {"load": 0.5})
    assert json.loads((tmp_path / "labels.json").read_text()) == {str(k.value): k.key for k in HEART}
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["seconds"] == {"load": 0.5, "network": 1.0}
    assert report["inputs"] == [{"path": "ct"}]
    assert report["findings"][0]["code"] == "test"
    for kind in HEART:
        stl = trimesh.load(tmp_path / "surfaces" / f"{kind.key}.stl")
        assert stl.is_watertight
        assert stl.volume / 1000.0 == pytest.approx(anatomy.surfaces[kind.key].volume_ml, rel=1e-4)


def test_the_glb_reads_back_in_patient_millimetres(anatomy: Anatomy, tmp_path: Path) -> None:
    write_results(anatomy, tmp_path, [], {})
    back = read_glb(tmp_path / "anatomy.glb")
    assert back.frame_of_reference_uid == "1.2.3"
    for key, mesh in anatomy.surfaces.items():
        assert np.abs(back.surfaces[key].bounds_mm - mesh.bounds_mm).max() < 0.01


def test_a_place_that_cannot_be_written_is_refused(anatomy: Anatomy, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PlannerError, match="choose another folder"):
        write_results(anatomy, tmp_path / "file", [], {})


def _pose(frame: int, state: PoseState, shift_mm: float | None, turn_deg: float = 0.0) -> Pose:
    transform = None
    if shift_mm is not None:
        turn = np.radians((0.0, 0.0, turn_deg))
        transform = Transform(CAMERA, "reference", rigid(turn, np.array((shift_mm, 0.0, 500.0))))
    return Pose(frame, frame / 30.0, "reference", state, transform)


def test_tracking_errors_count_shift_turn_and_false_poses() -> None:
    tracked, lost = PoseState.TRACKED, PoseState.LOST
    truth = [_pose(0, tracked, 0.0), _pose(1, tracked, 0.0), _pose(2, lost, None), _pose(3, lost, None)]
    found = [_pose(0, tracked, 1.0, 2.0), _pose(1, lost, None), _pose(2, tracked, 5.0), _pose(3, lost, None)]
    errors = tracking_errors(found, truth, np.zeros(3))
    assert errors.median_mm == pytest.approx(1.0)
    assert errors.median_deg == pytest.approx(2.0)
    assert (errors.n_tracked, errors.n_visible, errors.n_wrong) == (1, 2, 1)


def test_the_example_plan_holds_two_cut_planes_and_three_measures(anatomy: Anatomy) -> None:
    plan = example_plan(anatomy)
    assert plan.frame_of_reference_uid == "1.2.3"
    assert [len(plan.of_type(kind)) for kind in (CutPlane, Distance, Angle, Landmark)] == [2, 1, 1, 1]


def test_a_plan_without_its_structures_is_refused(anatomy: Anatomy) -> None:
    less = Anatomy({"lv": anatomy.surfaces["lv"]}, "1.2.3")
    with pytest.raises(PlannerError, match="rv"):
        example_plan(less)


def test_contours_are_drawn_in_their_colour_where_the_surface_is(anatomy: Anatomy) -> None:
    assert anatomy.labels is not None
    image = Volume(np.zeros(anatomy.labels.shape, np.float32), anatomy.labels.patient_from_index, "1.2.3")
    picture = slices_with_contours([image], anatomy).astype(int)
    assert picture.shape == (480, 3 * 480, 3)
    red = (picture[..., 0] > 150) & (picture[..., 1] < 110) & (picture[..., 2] < 110)
    assert red[:, :480].any(), "the left ventricle's outline on the axial slice"


def test_planes_are_pictured_one_by_one(anatomy: Anatomy) -> None:
    assert anatomy.labels is not None
    affine = np.array(anatomy.labels.patient_from_index)
    affine[:3, 3] += 14 * affine[:3, 0]
    plane = Volume(np.zeros((1, 45, 45), np.float32), affine, "1.2.3")
    assert slices_with_contours([plane] * 5, anatomy).shape == (2 * 480, 4 * 480, 3)


def test_references_of_unknown_names_are_refused(anatomy: Anatomy, tmp_path: Path) -> None:
    (tmp_path / "liver_000.vtk").write_text("# vtk DataFile")
    with pytest.raises(PlannerError, match="nothing to compare with"):
        compare_with_references(anatomy, tmp_path / "*_000.vtk")
