"""`auricle register` on recorded poses whose truth is known: pivot, touches, glide, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.cli import DONE, REFUSED, main
from ar.poses import Pose, PoseState, write_poses_csv
from ar.registration import read_registration
from core.anatomy import Anatomy
from core.frames import CAMERA, Transform, apply_affine, rigid
from core.mesh import SurfaceMesh
from imaging.formats.surfaces import write_glb
from plan.items import Landmark
from plan.plan import Plan
from plan.schema import write_plan

UID = "2.25.77"
TIP = np.array([0.0, 5.0, 140.0])
LANDMARKS = {
    "apex": (45.0, 0.0, 0.0),
    "left": (-20.0, 30.0, 20.0),
    "back": (0.0, -33.0, -25.0),
    "top": (10.0, 10.0, 62.0),
}
TRUTH = rigid(np.array([0.4, -0.9, 1.7]), np.array([120.0, -40.0, -60.0]))
REFERENCE = rigid(np.array([0.3, 0.1, 0.2]), np.array([-30.0, 10.0, 700.0]))


def _ellipsoid() -> SurfaceMesh:
    v, u = np.meshgrid(np.linspace(0.0, np.pi, 24), np.linspace(0.0, 2 * np.pi, 48, endpoint=False))
    points = np.stack([45 * np.sin(v) * np.cos(u), 33 * np.sin(v) * np.sin(u), 60 * np.cos(v)], axis=2)
    index = np.arange(points.shape[0] * 24).reshape(-1, 24)
    a, b = index, np.roll(index, -1, axis=0)
    first = np.stack([a[:, :-1], a[:, 1:], b[:, 1:]], axis=2).reshape(-1, 3)
    second = np.stack([a[:, :-1], b[:, 1:], b[:, :-1]], axis=2).reshape(-1, 3)
    faces = np.concatenate([first, second])
    faces = faces[[len(set(map(tuple, points.reshape(-1, 3)[f].round(6)))) == 3 for f in faces]]
    return SurfaceMesh(points.reshape(-1, 3), faces)


def _tips() -> list[np.ndarray]:
    """Tip in the reference's frame at 30 frames a second: 8 s pivot, four touches, then a glide."""
    places = [apply_affine(TRUTH, np.array([p]))[0] for p in LANDMARKS.values()]
    tips = [np.array([80.0, 60.0, -10.0])] * 240
    for place in places:
        tips += [tips[-1] + (place - tips[-1]) * t for t in np.linspace(0, 1, 20)] + [place] * 45
    way = np.linspace(0.0, 1.0, 300)
    on_heart = np.stack(
        [
            45 * np.sin(2.5 * way + 0.3) * np.cos(9 * way),
            33 * np.sin(2.5 * way + 0.3) * np.sin(9 * way),
            60 * np.cos(2.5 * way + 0.3),
        ],
        axis=1,
    )
    return tips + list(apply_affine(TRUTH, on_heart))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, random = tmp_path_factory.mktemp("register"), np.random.default_rng(1)
    poses = []
    for i, tip in enumerate(_tips()):
        phase = 2 * np.pi * i / 240
        swing = 0.6 if i < 240 else 0.15
        matrix = rigid(swing * np.array([np.sin(3 * phase), np.cos(2 * phase), 0.0]), np.zeros(3))
        matrix[:3, 3] = apply_affine(REFERENCE, tip[None])[0] - matrix[:3, :3] @ TIP
        matrix = rigid(random.normal(0, 0.001, 3), np.zeros(3)) @ matrix
        for name, place in (("reference", REFERENCE), ("pointer", matrix)):
            poses.append(Pose(i, i / 30.0, name, PoseState.TRACKED, Transform(CAMERA, name, place)))
    write_poses_csv(folder / "poses.csv", poses)
    landmarks = {
        "unit": "mm",
        "space": "LPS",
        "frame_of_reference_uid": UID,
        "landmarks": {n: list(p) for n, p in LANDMARKS.items()},
    }
    (folder / "landmarks.json").write_text(json.dumps(landmarks))
    write_plan(Plan(UID, tuple(Landmark(n, p) for n, p in LANDMARKS.items())), folder / "plan.json")
    write_glb(Anatomy({"lv": _ellipsoid()}, UID), folder / "anatomy.glb")
    return folder


def _register(folder: Path, out: Path, *more: str) -> int:
    return main(["register", "--poses", str(folder / "poses.csv"), "--out", str(out), "--quiet", *more])


def _error_mm(path: Path) -> float:
    heart = np.array([[0.0, 0, 0], [30, 0, 40], [0, 25, -40]])
    found = read_registration(path).body_from_patient.apply(heart)
    return float(np.linalg.norm(found - apply_affine(TRUTH, heart), axis=1).max())


@pytest.mark.parametrize("landmarks", ["landmarks.json", "plan.json"])
def test_landmarks_touched_in_order_register_the_patient(landmarks: str, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "registration.json"
    more = ("--landmarks", str(folder / landmarks), "--pivot", "0", "7.9", "--glide", "17", "30")
    surface = (
        "--anatomy",
        str(folder / "anatomy.glb"),
        "--surface",
        "lv",
        "--json",
        str(tmp_path / "sum.json"),
    )
    assert _register(folder, out, *more, *surface) == DONE
    assert _error_mm(out) < 0.6
    summary = json.loads((tmp_path / "sum.json").read_text())
    assert summary["method"] == "points and surface"
    assert summary["fre_mm"] < 0.5
    assert 0.2 < summary["tre_least_mm"] < summary["tre_most_mm"] < summary["tre_95_mm"] < 3.0
    assert read_registration(out).frame_of_reference_uid == UID


def test_touches_are_read_at_their_times_or_taken_as_places(folder: Path, tmp_path: Path) -> None:
    touches = {
        n: {"from_s": 8.0 + 65 / 30 * (i + 0.36), "to_s": 8.0 + 65 / 30 * (i + 0.95)}
        for i, n in enumerate(LANDMARKS)
    }
    touches["top"] = apply_affine(TRUTH, np.array([LANDMARKS["top"]]))[0].tolist()
    (tmp_path / "touches.json").write_text(json.dumps({"unit": "mm", "touches": touches}))
    out, tip = tmp_path / "registration.json", [str(v) for v in TIP]
    more = ("--landmarks", str(folder / "landmarks.json"), "--touches", str(tmp_path / "touches.json"))
    assert _register(folder, out, *more, "--tip", *tip) == DONE
    assert _error_mm(out) < 0.6


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--pivot", "8.8", "9.5"), "usable poses, 30 are needed"),
        (("--pivot", "0", "7.9", "--only", "apex,left,top"), "3 landmarks are listed"),
        (("--pivot", "0", "7.9", "--pointer", "wand"), "there is no body 'wand'"),
        ((), "where the pointer's tip is was not said"),
        (("--pivot", "0", "7.9", "--glide", "17", "30"), "which surface was glided over was not said"),
        (("--pivot", "0", "7.9", "--only", "apex,nose"), "no landmark is called nose"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    more: tuple[str, ...], why: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "registration.json"
    assert _register(folder, out, "--landmarks", str(folder / "landmarks.json"), *more) == REFUSED
    assert why in capsys.readouterr().err
    assert not out.exists()


def test_an_anatomy_of_another_patient_space_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_glb(Anatomy({"lv": _ellipsoid()}, "9.9.9"), tmp_path / "other.glb")
    more = (
        "--landmarks",
        str(folder / "landmarks.json"),
        "--pivot",
        "0",
        "7.9",
        "--anatomy",
        str(tmp_path / "other.glb"),
    )
    assert (
        _register(folder, tmp_path / "registration.json", *more, "--glide", "17", "30", "--surface", "lv")
        == REFUSED
    )
    assert "different patient spaces" in capsys.readouterr().err
