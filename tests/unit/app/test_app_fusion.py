"""Fusing in the session and on the disk: what is kept comes back exactly, and nothing foreign is ever joined."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.fusion.image import Fusion
from app.fusion.inputs import check_identity
from app.fusion.making import Fused, describe_error, fusion_of, moved_surfaces, shown_fusion, work_of
from app.fusion.registration_file import read_registration, write_registration
from app.fusion.report import fusion_report
from app.fusion.slices import fused_outlines, fused_veil, moved_slice
from app.fusion.store import folder_of, read_fusion, write_fusion
from app.identity import Sameness, sameness
from app.session import Session
from app.slices import Framing, frame_of
from app.windowing import Window
from core.errors import Finding, PlannerError
from core.frames import Transform, rigid
from core.fusion import FIXED, MOVING, DisplacementField, ImageKey, ImageRegistration, RegistrationError, Warp
from core.study import Patient
from core.volume import Volume
from tests.support.ball_patient import CENTRE_MM, grid_matrix, make_anatomy, make_series, make_volume

POSE = rigid(np.radians((3.0, -2.0, 5.0)), np.array((6.0, -3.0, 11.0)))
ERROR = RegistrationError(
    {"lv": 0.1 + 0.2}, {"lv": 1.0 / 3.0}, {"lv": 2.0 / 3.0}, 1.1547005383792515, 0.01, (0.7, 1.4)
)


def a_warp(seed: int = 1) -> Warp:
    rng = np.random.default_rng(seed)
    fields = rng.normal(size=(2, 5, 6, 7, 3)).astype(np.float32)
    return Warp(*(DisplacementField(field, grid_matrix()) for field in fields))


def a_registration(
    warp: Warp | None = None, fixed_uid: str = "1.2.3", moving_uid: str = "4.5"
) -> ImageRegistration:
    return ImageRegistration(
        ImageKey("9.1", 0, fixed_uid, "CT"),
        ImageKey("9.2", 0, moving_uid, "MR"),
        Transform(FIXED, MOVING, POSE),
        warp,
        ERROR,
        "test",
        {"identity": "one ID", "structures": ["lv"]},
        (Finding("a", "b", "c", "d"),),
    )


def a_fusion(registration: ImageRegistration | None = None) -> Fusion:
    registration = registration or a_registration()
    moving = Volume(
        make_volume().voxels,
        registration.fixed_from_moving.inverse().matrix @ grid_matrix(),
        registration.moving.frame_of_reference_uid,
        modality="MR",
    )
    anatomy = make_anatomy(registration.moving.frame_of_reference_uid)
    return fusion_of(make_series("9.2", "4.5"), moving, registration, anatomy)


def open_session(tmp_path: Path) -> Session:
    session = Session(tmp_path)
    session.show_volume(make_series(), 0, make_volume())
    return session


@pytest.mark.parametrize("warp", [None, a_warp()])
def test_a_registration_comes_back_from_its_files_to_the_bit(tmp_path: Path, warp: Warp | None) -> None:
    before = a_registration(warp)
    write_registration(before, tmp_path / "registration.json")
    after = read_registration(tmp_path / "registration.json")
    assert (after.fixed, after.moving, after.error, after.method) == (
        before.fixed,
        before.moving,
        before.error,
        before.method,
    )
    assert (after.findings, dict(after.provenance)) == (before.findings, dict(before.provenance))
    assert after.fixed_from_moving.matrix.tobytes() == before.fixed_from_moving.matrix.tobytes()
    assert (after.warp is None) == (warp is None)
    if warp is not None and after.warp is not None:
        for one, other in ((after.warp.forward, warp.forward), (after.warp.backward, warp.backward)):
            assert one.shift_mm.tobytes() == other.shift_mm.tobytes()
            assert one.patient_from_index.tobytes() == other.patient_from_index.tobytes()


def test_an_error_that_could_not_be_estimated_stays_unknown_in_the_file(tmp_path: Path) -> None:
    unknown = replace(a_registration(), error=replace(ERROR, estimated_tre_mm=float("nan"), left_out_mm={}))
    write_registration(unknown, tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text())["error"]["estimated_tre_mm"] is None
    assert np.isnan(read_registration(tmp_path / "r.json").error.estimated_tre_mm)
    assert "could not be estimated" in describe_error(unknown)
    assert fusion_report(unknown)["error"]["estimated_tre_mm"] is None  # type: ignore[index]


def test_a_crash_before_the_last_file_leaves_the_registration_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "registration.json"
    write_registration(a_registration(a_warp(1)), path)
    before = path.read_bytes()
    import app.fusion.registration_file as module

    written = module.replace_file

    def stop_at_json(target: Path, content: bytes) -> None:
        if target == path:
            raise KeyboardInterrupt
        written(target, content)

    monkeypatch.setattr(module, "replace_file", stop_at_json)
    with pytest.raises(KeyboardInterrupt):
        write_registration(a_registration(a_warp(2)), path)
    assert path.read_bytes() == before
    found = read_registration(path)
    assert found.warp is not None
    assert found.warp.forward.shift_mm.tobytes() == a_warp(1).forward.shift_mm.tobytes()


def test_only_the_deformation_in_use_stays_on_the_disk(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_registration(a_registration(a_warp(seed)), tmp_path / "registration.json")
    assert len(list(tmp_path.glob("*.npz"))) == 1


@pytest.mark.parametrize("damage", ["json", "npz", "elsewhere", "mirror", "gone"])
def test_a_damaged_registration_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "registration.json"
    write_registration(a_registration(a_warp()), path)
    (packed,) = tmp_path.glob("*.npz")
    content = json.loads(path.read_text())
    if damage == "json":
        path.write_text(path.read_text()[:200])
    elif damage == "npz":
        packed.write_bytes(packed.read_bytes()[:-9])
    elif damage == "gone":
        packed.unlink()
    else:
        content["warp"] = "../" + content["warp"] if damage == "elsewhere" else content["warp"]
        if damage == "mirror":
            content["fixed_from_moving"][0] = [-value for value in content["fixed_from_moving"][0]]
        path.write_text(json.dumps(content))
    with pytest.raises(PlannerError, match="damaged"):
        read_registration(path)


def test_patients_are_the_same_only_by_their_id_and_never_against_their_name() -> None:
    bea = Patient("Ball^Bea", "P-1")
    assert sameness(bea, Patient("BALL^BEA^^", "p-1 ")) is Sameness.SAME
    assert sameness(bea, Patient("", "P-1")) is Sameness.SAME
    assert sameness(bea, Patient("Ball^Ben", "P-1")) is Sameness.DIFFERENT
    assert sameness(bea, Patient("Ball^Bea", "P-2")) is Sameness.DIFFERENT
    assert sameness(bea, Patient("Ball^Bea", "")) is Sameness.UNKNOWN
    assert sameness(Patient("", ""), Patient("", "")) is Sameness.UNKNOWN
    assert sameness(None, bea) is Sameness.UNKNOWN


def test_other_patients_are_joined_only_when_the_user_states_it() -> None:
    bea, ben = Patient("Ball^Bea", "P-1"), Patient("Ball^Ben", "P-2")
    assert check_identity([bea, bea], is_same_patient=False) == Sameness.SAME.value
    for other in (ben, None):
        with pytest.raises(PlannerError, match="not joined") as refusal:
            check_identity([bea, other], is_same_patient=False)
        assert "Be" not in str(refusal.value)
        assert check_identity([bea, other], is_same_patient=True).startswith("stated by the user; the files")


def test_the_second_image_is_shown_over_its_own_series_and_phase_only(tmp_path: Path) -> None:
    session = open_session(tmp_path)
    session.fusions.show(a_fusion())
    assert shown_fusion(session.state) is session.state.fusion is not None
    other = replace(session.state, phase=1)
    assert shown_fusion(other) is None
    session.show_volume(make_series("9.7"), 0, make_volume())
    assert session.state.fusion is None


@pytest.mark.parametrize(
    "registration",
    [a_registration(fixed_uid="6.6"), replace(a_registration(), fixed=ImageKey("8.8", 0, "1.2.3"))],
)
def test_a_registration_to_other_images_is_refused(tmp_path: Path, registration: ImageRegistration) -> None:
    session = open_session(tmp_path)
    with pytest.raises(PlannerError, match="registered to another series"):
        session.fusions.show(a_fusion(registration))
    assert session.state.fusion is None


def test_images_and_surfaces_of_no_space_of_the_registration_are_refused() -> None:
    with pytest.raises(ValueError, match="another image"):
        Fusion(make_series(), make_volume("7.7"), a_registration(), {}, Window(0, 1))
    with pytest.raises(PlannerError, match="register them first"):
        moved_surfaces(make_anatomy("7.7"), a_registration())


def test_the_error_is_told_as_an_estimate(tmp_path: Path) -> None:
    session = open_session(tmp_path)
    session.fusions.show(a_fusion())
    told = session.state.notices[-1]
    assert told.code == "fusion_error"
    assert told.why.startswith("estimated error 1.2 mm at the heart's surfaces")
    assert "not measured here" in told.why


def test_a_fusion_is_on_the_disk_once_it_is_kept(tmp_path: Path) -> None:
    session, fusion = open_session(tmp_path), a_fusion(a_registration(a_warp()))
    session.fusions.keep(Fused(fusion, None))
    kept = read_fusion(folder_of(tmp_path, "9.1", 0))
    assert kept is not None
    assert kept.registration.error == ERROR
    for key, mesh in fusion.surfaces.items():
        assert kept.moved.surfaces[key].vertices.tobytes() == mesh.vertices.tobytes()
    assert session.fusions.kept().registration.fixed == kept.registration.fixed
    with pytest.raises(PlannerError, match="no series was registered"):
        open_session(tmp_path / "other").fusions.kept()


def test_a_torn_fusion_folder_counts_as_none_or_is_refused(tmp_path: Path) -> None:
    write_fusion(a_fusion(), tmp_path / "one")
    (tmp_path / "one" / "moved_surfaces.npz").unlink()
    with pytest.raises(PlannerError):
        read_fusion(tmp_path / "one")
    (tmp_path / "one" / "registration.json").unlink()
    assert read_fusion(tmp_path / "one") is None


def test_the_views_show_the_second_image_where_the_registration_puts_it(tmp_path: Path) -> None:
    session = open_session(tmp_path)
    session.fusions.show(a_fusion())
    state = session.state
    assert state.volume is not None
    frame = frame_of(state.volume, "axial", tuple(CENTRE_MM), (90, 70), Framing())
    from render.slicing import extract

    # The moving image was made so that, registered, it is the fixed one again.
    fixed = extract(state.volume, frame.plane, frame.size_px, frame.spacing_mm)
    moved = moved_slice(state, frame)
    assert moved is not None
    both = np.isfinite(fixed) & np.isfinite(moved)
    assert both.mean() > 0.5
    assert np.abs(fixed - moved)[both].max() < 0.05
    veil = fused_veil(state, moved)
    assert veil is not None
    assert set(np.unique(veil[..., 3])) <= {0, 128}
    assert (veil[..., 3] == 0).sum() == np.isnan(moved).sum()
    assert all(outline.is_dashed for outline in fused_outlines(state, frame))
    session.fusions.outline(False)
    assert fused_outlines(session.state, frame) == ()


def test_mixing_and_windows_change_the_second_image_only(tmp_path: Path) -> None:
    session = open_session(tmp_path)
    session.fusions.show(a_fusion())
    window = session.state.window
    session.fusions.mix(1.7)
    session.fusions.set_window(Window(12.0, 34.0))
    session.fusions.take_window(True)
    fusion = session.state.fusion
    assert fusion is not None
    assert (fusion.share, fusion.window, fusion.takes_window) == (1.0, Window(12.0, 34.0), True)
    assert session.state.window == window
    session.fusions.remove()
    assert session.state.fusion is None
    session.fusions.mix(0.2)
    assert session.state.fusion is None


def test_the_open_series_is_not_laid_over_itself(tmp_path: Path) -> None:
    session = open_session(tmp_path)
    with pytest.raises(PlannerError, match="is the open one"):
        work_of(session.state, make_series(), 0, lambda *_: make_anatomy(), "cpu", "")
