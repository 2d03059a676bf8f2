"""What is written as DICOM says whose it is and where it lies, passes the validator, and comes back the same."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
import trimesh
from pydicom.sr.codedict import codes

from core.anatomy import HEART_BY_KEY
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from core.study import Series, SeriesKind
from core.volume import LabelMap, Volume
from imaging.given.encapsulated import read_encapsulated
from imaging.given.read import read_given
from imaging.given.report import read_report
from imaging.given.segmentation import read_segmentation
from imaging.outputs.capture import make_capture
from imaging.outputs.encapsulated import make_encapsulated
from imaging.outputs.made import MadeSeries, save_object
from imaging.outputs.report import make_report
from imaging.outputs.segmentation import make_segmentation
from imaging.outputs.series import PatientModule, write_series
from imaging.outputs.source import Source, anonymous_source, read_source
from plan.items import Angle, CutPlane, Distance, Landmark
from plan.measure import angle_deg, distance_mm
from plan.plan import Plan
from tests.support.conformance import errors_of

FRAME, STUDY = "1.2.826.77.1", "1.2.826.77.2"
SERIES = MadeSeries.new("Test", 9001)
PLAN = Plan(
    FRAME,
    (
        Distance("Annulus größe", (10.123456, 20.0, 912.125), (33.0, 44.4, 900.0)),
        Angle("Aortic angle", (-31.5, 2.0, 3.0), (4.0, 5.0, 6.5), (17.0, 1.0, 2.0)),
        Landmark("Apex", (-1.25, 3.3, 912.3)),
        CutPlane("Cut", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    ),
)


@pytest.fixture
def labels(oblique: Volume) -> LabelMap:
    """Two heart structures and one of a user's own, on the oblique grid; the first and last slice are empty."""
    values = np.zeros(oblique.shape, dtype=np.uint8)
    values[1:4, 1:4, 2:5] = 2
    values[1:3, 2:4, 2:4] = 1
    values[3, 5, 6] = 40
    names = {1: "lv", 2: "lv_myocardium", 3: "rv", 40: "my_patch"}
    return LabelMap(values, oblique.patient_from_index, names, FRAME)


@pytest.fixture
def source(oblique: Volume, tmp_path: Path) -> Source:
    """The CT of the label map, as a hospital would have it."""
    volume = replace(oblique, frame_of_reference_uid=FRAME)
    files = write_series(
        volume,
        tmp_path / "ct",
        patient=PatientModule("Möller^Jane", "secret-17", "19700102", "F"),
        study_uid=STUDY,
        modality="CT",
        description="CT",
        series_number=3,
        study_date="20240131",
        study_description="Heart",
    )
    return read_source(files)


@pytest.fixture
def ball() -> SurfaceMesh:
    """A closed ball far from the origin."""
    shape = trimesh.creation.icosphere(subdivisions=2, radius=20.0)
    return SurfaceMesh(np.asarray(shape.vertices) + (-63.25, 40.5, 912.125), np.asarray(shape.faces))


def places_of(labels: LabelMap, key: str) -> np.ndarray:
    return labels.patient_from_indices(np.argwhere(labels.mask(key)))


def same_patient(path: Path) -> None:
    made = pydicom.dcmread(path)
    assert str(made.PatientName) == "Möller^Jane"
    assert (made.PatientID, made.PatientBirthDate, made.PatientSex) == ("secret-17", "19700102", "F")
    assert (made.StudyInstanceUID, made.StudyDate, made.StudyDescription) == (STUDY, "20240131", "Heart")
    assert "research" in made.SeriesDescription


@pytest.mark.parametrize("is_anonymous", [False, True])
def test_a_segmentation_comes_back_voxel_by_voxel_in_place(
    labels: LabelMap, source: Source, tmp_path: Path, is_anonymous: bool
) -> None:
    chosen = anonymous_source(FRAME) if is_anonymous else source
    path = save_object(make_segmentation(labels, chosen, SERIES, {"region": "ab" * 32}), tmp_path / "seg.dcm")
    back, findings = read_segmentation([path])
    assert not findings
    assert back.frame_of_reference_uid == FRAME
    assert sorted(back.names.values()) == ["lv", "lv_myocardium", "my_patch"]
    for key in back.names.values():
        np.testing.assert_allclose(places_of(back, key), places_of(labels, key), atol=0.01)
    assert errors_of(path) == []


def test_a_segmentation_names_its_patient_codes_algorithm_and_images(
    labels: LabelMap, source: Source, tmp_path: Path
) -> None:
    path = save_object(make_segmentation(labels, source, SERIES, {"region": "ab" * 32}), tmp_path / "seg.dcm")
    same_patient(path)
    seg = highdicom.seg.segread(path)
    assert seg.FrameOfReferenceUID == FRAME
    by_label = {seg.get_segment_description(n).segment_label: seg.get_segment_description(n) for n in (1, 2, 3)}
    assert by_label["Left ventricle"].segmented_property_type == codes.SCT.LeftVentricle
    assert by_label["Left ventricle"].segmented_property_category == codes.cid7150.AnatomicalStructure
    algorithm = by_label["LV myocardium"].algorithm_identification
    assert algorithm.name == "Auricle heart"
    assert "ab" * 32 in str(algorithm.parameters)
    referenced = {str(uids[2]) for uids in seg.get_source_image_uids()}
    assert referenced == {image.SOPInstanceUID for image in source.images}
    volume = seg.get_volume(combine_segments=True)
    found = volume.map_indices_to_reference(np.argwhere(volume.array == 1))
    expected = places_of(labels, labels.names[1])
    distances_mm = np.linalg.norm(found[:, None] - expected[None], axis=2)
    assert len(found) == len(expected)
    assert distances_mm.min(axis=1).max() < 0.01


def test_a_segmentation_on_a_grid_of_its_own_refers_to_the_series_as_a_whole(
    labels: LabelMap, source: Source, tmp_path: Path
) -> None:
    moved = labels.patient_from_index.copy()
    moved[:3, 3] += (3.1, -2.0, 1.7)
    own = replace(labels, patient_from_index=moved)
    path = save_object(make_segmentation(own, source, SERIES), tmp_path / "seg.dcm")
    made = pydicom.dcmread(path)
    assert made.ReferencedSeriesSequence[0].SeriesInstanceUID == source.header.SeriesInstanceUID
    assert not any("DerivationImageSequence" in group for group in made.PerFrameFunctionalGroupsSequence)
    back, _ = read_segmentation([path])
    np.testing.assert_allclose(places_of(back, "lv"), places_of(own, "lv"), atol=0.01)
    assert errors_of(path) == []


@pytest.mark.parametrize("form", ["stl", "obj"])
@pytest.mark.parametrize("key", ["lv_myocardium", "my_patch"])
def test_an_encapsulated_surface_comes_back_in_place_under_its_key(
    ball: SurfaceMesh, source: Source, tmp_path: Path, form: str, key: str
) -> None:
    made = make_encapsulated(key, ball, form, source, SERIES, 1, FRAME)
    path = save_object(made, tmp_path / "surface.dcm")
    same_patient(path)
    assert len(made.EncapsulatedDocument) % 2 == 0
    back = read_encapsulated(path)
    assert (back.key, back.frame_of_reference_uid) == (key, FRAME)
    assert back.mesh.is_closed
    assert back.mesh.volume_ml == pytest.approx(ball.volume_ml, rel=1e-5)
    nearest = np.linalg.norm(back.mesh.vertices[:, None] - ball.vertices[None], axis=2).min(axis=1)
    assert nearest.max() < 0.01
    stored = trimesh.load_mesh(BytesIO(made.EncapsulatedDocument), file_type=form)
    np.testing.assert_allclose(stored.bounds, ball.bounds_mm, atol=1e-3)


@pytest.mark.parametrize("is_anonymous", [False, True])
def test_the_validator_finds_no_error_in_an_encapsulated_surface(
    ball: SurfaceMesh, source: Source, tmp_path: Path, is_anonymous: bool
) -> None:
    chosen = anonymous_source(FRAME) if is_anonymous else source
    stl = make_encapsulated("lv", ball, "stl", chosen, SERIES, 1, FRAME)
    assert errors_of(save_object(stl, tmp_path / "stl.dcm")) == []
    # This dciodvfy knows no Encapsulated OBJ. Its modules are those of STL (A.85.2), so it is judged as one.
    obj = make_encapsulated("lv", ball, "obj", chosen, SERIES, 1, FRAME)
    obj.SOPClassUID, obj.MIMETypeOfEncapsulatedDocument = stl.SOPClassUID, "model/stl"
    assert errors_of(save_object(obj, tmp_path / "obj.dcm")) == []


def test_the_unit_of_a_given_surface_is_honoured_and_a_missing_one_refused(
    ball: SurfaceMesh, source: Source, tmp_path: Path
) -> None:
    made = make_encapsulated("lv", ball, "stl", source, SERIES, 1, FRAME)
    made.MeasurementUnitsCodeSequence[0].CodeValue = "cm"
    back = read_encapsulated(save_object(made, tmp_path / "cm.dcm"))
    np.testing.assert_allclose(back.mesh.bounds_mm, ball.bounds_mm * 10.0, atol=0.01)
    del made.MeasurementUnitsCodeSequence
    with pytest.raises(PlannerError, match="unit of length"):
        read_encapsulated(save_object(made, tmp_path / "none.dcm"))


@pytest.mark.parametrize("is_anonymous", [False, True])
def test_a_report_comes_back_with_the_same_points_and_values(
    source: Source, tmp_path: Path, is_anonymous: bool
) -> None:
    volumes = {"lv": 123.456789, "my_patch": 0.25}
    chosen = anonymous_source(FRAME) if is_anonymous else source
    path = save_object(make_report(PLAN, volumes, chosen, SERIES), tmp_path / "sr.dcm")
    back = read_report(path)
    assert not back.findings
    assert back.plan.frame_of_reference_uid == FRAME
    assert back.volumes_ml == pytest.approx(volumes)
    distance, angle, landmark = back.plan.items
    assert [item.name for item in back.plan.items] == ["Annulus größe", "Aortic angle", "Apex"]
    np.testing.assert_allclose(distance.start_mm, PLAN.items[0].start_mm, atol=0.001)
    assert distance_mm(distance) == pytest.approx(distance_mm(PLAN.items[0]), abs=0.001)
    assert angle_deg(angle) == pytest.approx(angle_deg(PLAN.items[1]), abs=0.001)
    np.testing.assert_allclose(landmark.position_mm, PLAN.items[2].position_mm, atol=0.001)
    assert errors_of(path) == []


def test_another_library_reads_the_same_values_with_units_and_sites(source: Source, tmp_path: Path) -> None:
    path = save_object(make_report(PLAN, {"lv": 123.5}, source, SERIES), tmp_path / "sr.dcm")
    same_patient(path)
    report = highdicom.sr.srread(path)
    values = {}
    for group in report.content.get_image_measurement_groups():
        for measurement in group.get_measurements():
            values[group.tracking_identifier] = (measurement.value, measurement.unit.value)
    assert values["Annulus größe"] == (pytest.approx(distance_mm(PLAN.items[0])), "mm")
    assert values["Aortic angle"] == (pytest.approx(angle_deg(PLAN.items[1])), "deg")
    assert values["lv"] == (123.5, "ml")
    sites = [site.value for g in report.content.get_image_measurement_groups() for site in g.finding_sites]
    assert sites == [codes.SCT.LeftVentricle]
    (region,) = [group.roi for group in report.content.get_planar_roi_measurement_groups()]
    assert region.graphic_type == highdicom.sr.GraphicTypeValues3D.POINT


def test_a_report_whose_number_contradicts_its_points_is_told(source: Source, tmp_path: Path) -> None:
    made = make_report(replace(PLAN, items=PLAN.items[:1]), {}, source, SERIES)
    path = save_object(made, tmp_path / "sr.dcm")
    made = pydicom.dcmread(path)
    for item in _items(made):
        if "MeasuredValueSequence" in item:
            item.MeasuredValueSequence[0].NumericValue = "99"
            item.MeasuredValueSequence[0].pop("FloatingPointValue", None)
    made.save_as(path)
    assert [finding.code for finding in read_report(path).findings] == ["report_contradicts"]


def _items(dataset: pydicom.Dataset) -> list[pydicom.Dataset]:
    found = []
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                found += [item, *_items(item)]
    return found


def test_nothing_to_report_is_refused(source: Source) -> None:
    with pytest.raises(PlannerError, match="no distance"):
        make_report(Plan(FRAME, PLAN.items[3:]), {}, source, SERIES)


def test_a_capture_keeps_every_pixel_and_says_that_text_is_burned_in(source: Source, tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    path = save_object(make_capture(rgb, source, SERIES), tmp_path / "sc.dcm")
    same_patient(path)
    made = pydicom.dcmread(path)
    assert np.array_equal(made.pixel_array, rgb)
    assert made.BurnedInAnnotation == "YES"
    assert "PixelSpacing" not in made
    assert errors_of(path) == []


def test_new_objects_have_uids_of_their_own(labels: LabelMap, source: Source, ball: SurfaceMesh) -> None:
    made = [
        make_segmentation(labels, source, MadeSeries.new("A", 1)),
        make_encapsulated("lv", ball, "stl", source, MadeSeries.new("B", 2), 1, FRAME),
    ]
    uids = [uid for one in made for uid in (one.SOPInstanceUID, one.SeriesInstanceUID)]
    taken = {source.header.SOPInstanceUID, source.header.SeriesInstanceUID}
    assert len(set(uids)) == 4
    assert not taken & set(uids)


def test_given_series_become_an_anatomy(
    labels: LabelMap, source: Source, ball: SurfaceMesh, tmp_path: Path
) -> None:
    seg = save_object(make_segmentation(labels, source, SERIES), tmp_path / "seg.dcm")
    files = tuple(
        save_object(make_encapsulated(key, ball, "stl", source, SERIES, n, FRAME), tmp_path / f"{key}.dcm")
        for n, key in enumerate(("lv", "aorta"), start=1)
    )
    as_series = Series("1", "SEG", "", ((seg,),), (0, 0, 0), None, FRAME, (), SeriesKind.SEGMENTATION)
    anatomy = read_given(as_series)
    assert anatomy.labels is not None
    assert HEART_BY_KEY["lv"].value in anatomy.labels.names
    surfaces = replace(as_series, phases=(files,), kind=SeriesKind.SURFACE)
    assert list(read_given(surfaces).surfaces) == ["lv", "aorta"]
    with pytest.raises(PlannerError, match="stack"):
        read_given(replace(as_series, kind=SeriesKind.STACK))


@pytest.mark.parametrize("content", [b"", b"x" * 300, b"\0" * 128 + b"DICM" + b"\xff" * 64])
def test_a_damaged_object_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.dcm"
    path.write_bytes(content)
    for read in (lambda: read_segmentation([path]), lambda: read_encapsulated(path), lambda: read_report(path)):
        with pytest.raises(PlannerError):
            read()
