"""Landmarks and directions of synthetic patients: complete, and true where the paint says so."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.anatomy import LANDMARKS
from recon.anatomy.patient import paint, sample_patient, target_of
from recon.anatomy.pose import mirrored, sample_pose


def _structure_at(patient, position: np.ndarray) -> int:
    return int(target_of(paint(patient, torch.from_numpy(position[None].astype(np.float32))))[0])


def test_every_landmark_and_direction_of_the_contract_is_given() -> None:
    patient = sample_patient(71)
    assert set(patient.landmarks()) == {kind.key for kind in LANDMARKS} | {"region_centre"}
    directions = patient.directions()
    assert set(directions) == {kind.key for kind in LANDMARKS if kind.has_direction}
    for direction in directions.values():
        assert np.linalg.norm(direction) == pytest.approx(1.0)


@pytest.mark.parametrize("seed", [72, 73])
def test_blood_runs_along_the_directions_from_chamber_to_chamber(seed: int) -> None:
    patient = sample_patient(seed)
    at, along = patient.landmarks(), patient.directions()
    lv, rv, la, ra, aorta, pulmonary = 1, 3, 4, 5, 6, 7
    for key, before, after in (
        ("mitral_valve", la, lv),
        ("tricuspid_valve", ra, rv),
        ("aortic_valve", lv, aorta),
        ("pulmonary_valve", rv, pulmonary),
        ("appendage_ostium", la, la),
    ):
        assert _structure_at(patient, at[key] - 3.5 * along[key]) == before, key
        assert _structure_at(patient, at[key] + 3.5 * along[key]) == after, key


def test_a_pose_carries_points_back_exactly() -> None:
    pose = sample_pose(np.random.default_rng(4), 9.0)
    position = np.array((30.0, -40.0, 12.0))
    there = pose.patient_point(position)
    again = pose.heart_frame(torch.from_numpy(there[None].astype(np.float32))).numpy()[0]
    assert again == pytest.approx(position, abs=1e-3)


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_a_planes_normal_stays_square_to_the_warped_plane(is_mirrored: bool) -> None:
    pose = sample_pose(np.random.default_rng(5), 9.0)
    pose = mirrored(pose) if is_mirrored else pose
    position, normal = np.array((-10.0, 20.0, 5.0)), np.array((0.0, 0.6, 0.8))
    carried = pose.patient_normal(position, normal)
    middle = pose.patient_point(position)
    for inside in (np.array((1.0, 0.0, 0.0)), np.array((0.0, 0.8, -0.6))):
        tangent = pose.patient_point(position + 0.01 * inside) - middle
        assert abs(tangent @ carried) / np.linalg.norm(tangent) < 1e-3
    assert (pose.patient_point(position + 0.01 * normal) - middle) @ carried > 0


def test_situs_inversus_is_the_mirror_image() -> None:
    at, mirror = sample_patient(75).landmarks(), sample_patient(75, disease="situs_inversus").landmarks()
    flip = np.array((-1.0, 1.0, 1.0))
    for key, position in at.items():
        assert mirror[key] == pytest.approx(flip * position, abs=1e-6)


def test_rv_insertions_lie_where_septum_and_free_wall_meet() -> None:
    patient = sample_patient(76)
    at = patient.landmarks()
    offsets = 6.0 * np.concatenate([np.eye(3), -np.eye(3), np.array([(1, 1, 1), (-1, -1, -1)]) / 3**0.5])
    for key in ("anterior_rv_insertion", "inferior_rv_insertion"):
        around = {_structure_at(patient, at[key] + offset) for offset in offsets}
        assert {2, 3} & around, key
    assert np.linalg.norm(at["anterior_rv_insertion"] - at["inferior_rv_insertion"]) > 25.0
    assert at["anterior_rv_insertion"][2] > at["inferior_rv_insertion"][2]


def test_hinge_points_lie_on_the_aortic_ring_a_third_of_a_turn_apart() -> None:
    heart = sample_patient(77).heart.landmarks()
    spokes = [heart[k] - heart["aortic_valve"] for k in ("left_hinge", "right_hinge", "non_coronary_hinge")]
    for one, other in zip(spokes, spokes[1:] + spokes[:1], strict=True):
        cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
        assert np.degrees(np.arccos(cosine)) == pytest.approx(120.0, abs=0.1)
    to_pulmonary = heart["pulmonary_valve"] - heart["aortic_valve"]
    assert spokes[2] @ to_pulmonary < min(spokes[0] @ to_pulmonary, spokes[1] @ to_pulmonary)
