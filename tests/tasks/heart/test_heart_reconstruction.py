"""The heart task with its shipped weights, on patients and contrasts that no training has seen."""

from __future__ import annotations

import numpy as np
import pytest

from core.anatomy import Anatomy
from core.errors import Cancelled, PlannerError
from core.progress import Reporting
from core.volume import Volume
from recon.anatomy.patient import sample_patient
from recon.mesh_report import mesh_report
from recon.quality import dice
from recon.registry import TASKS, find_task
from recon.run import reconstruct
from recon.simulate.study import SimulatedImage, simulate_ct, simulate_mr, simulate_study
from recon.train.samples import TEST_SEEDS
from recon.weights import load_network, weights_path

SEED = TEST_SEEDS + 1


@pytest.fixture(scope="module")
def ct() -> SimulatedImage:
    return simulate_ct(sample_patient(SEED), "1.2.3", spacing_mm=2.5)


@pytest.fixture(scope="module")
def anatomy(ct: SimulatedImage) -> Anatomy:
    return reconstruct("heart", [ct.image], "cpu")


def _mean_dice(anatomy: Anatomy, image: SimulatedImage) -> float:
    assert anatomy.labels is not None
    names = image.truth.names.values()
    return float(np.mean([dice(anatomy.labels.mask(k), image.truth.mask(k)) for k in names]))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.key)
def test_every_network_of_a_task_has_weights_below_sixteen_megabytes(task) -> None:  # type: ignore[no-untyped-def]
    for spec in (task.localiser, task.region):
        path = weights_path(task, spec)
        assert path.stat().st_size < 16_000_000
        assert path.with_suffix(".json").is_file(), "a weight file comes with its card"
        assert load_network(task, spec, "cpu").sha256


def test_an_unseen_heart_is_found_with_all_its_structures(anatomy: Anatomy, ct: SimulatedImage) -> None:
    assert set(anatomy.surfaces) == set(find_task("heart").structures)
    assert _mean_dice(anatomy, ct) > 0.75


def test_labels_lie_on_the_inputs_own_grid(anatomy: Anatomy, ct: SimulatedImage) -> None:
    assert anatomy.labels is not None
    assert anatomy.labels.shape == ct.image.shape
    assert np.array_equal(anatomy.labels.patient_from_index, ct.image.patient_from_index)
    assert anatomy.frame_of_reference_uid == "1.2.3"


def test_every_surface_is_closed_manifold_and_encloses_what_its_labels_count(anatomy: Anatomy) -> None:
    assert anatomy.labels is not None
    for key, volume_ml in anatomy.labels.volumes_ml().items():
        mesh = anatomy.surfaces[key]
        assert mesh.is_closed, key
        assert mesh_report(mesh).n_nonmanifold_edges == 0, key
        assert mesh.volume_ml == pytest.approx(volume_ml, rel=0.01), key


def test_the_report_says_what_ran_on_what(anatomy: Anatomy) -> None:
    report = anatomy.report
    assert report["device"] == "cpu"
    assert set(report["weights"]) == {"heart-localiser", "heart-region"}  # type: ignore[call-overload]
    assert report["engine"] == "torch"
    assert report["heart"]["score"] > report["heart"]["least_score"]  # type: ignore[index]
    assert set(report["uncertainty_mm"]) == set(anatomy.surfaces)  # type: ignore[call-overload]


def test_every_vertex_says_how_far_it_may_move_and_the_report_gives_the_mean(anatomy: Anatomy) -> None:
    for key, mesh in anatomy.surfaces.items():
        spread = mesh.fields["uncertainty_mm"]
        assert spread.shape == (len(mesh.vertices),)
        assert anatomy.report["uncertainty_mm"][key] == pytest.approx(np.nanmean(spread), abs=0.006)  # type: ignore[index]
        assert 0.05 < np.nanmean(spread) < 3.0


def test_the_same_image_gives_the_same_labels(anatomy: Anatomy, ct: SimulatedImage) -> None:
    again = reconstruct("heart", [ct.image], "cpu")
    assert anatomy.labels is not None
    assert again.labels is not None
    assert np.array_equal(anatomy.labels.labels, again.labels.labels)


def test_another_grid_of_the_same_heart_gives_the_same_place(anatomy: Anatomy) -> None:
    """Slices the other way round and columns mirrored: the patient has not moved."""
    image = simulate_ct(sample_patient(SEED), "1.2.3", spacing_mm=2.5).image
    turned = np.array(image.patient_from_index)
    turned[:3, 3] += turned[:3, 0] * (image.shape[0] - 1) + turned[:3, 2] * (image.shape[2] - 1)
    turned[:3, [0, 2]] *= -1
    flipped = Volume(np.ascontiguousarray(image.voxels[::-1, :, ::-1]), turned, "1.2.3", "HU", "CT")
    found = reconstruct("heart", [flipped], "cpu")
    for key, mesh in anatomy.surfaces.items():
        shift = np.linalg.norm(mesh.vertices.mean(axis=0) - found.surfaces[key].vertices.mean(axis=0))
        assert shift < 0.5, key


def test_noise_is_refused() -> None:
    noise = np.random.default_rng(0).normal(size=(80, 80, 80)).astype(np.float32)
    with pytest.raises(PlannerError, match="no heart found"):
        reconstruct("heart", [Volume(noise, np.diag((2.5, 2.5, 2.5, 1.0)), "1.2")], "cpu")


def test_a_block_of_bricks_is_refused() -> None:
    bricks = np.full((60, 90, 90), -1000.0, dtype=np.float32)
    bricks[15:45, 20:70, 20:70] = 60.0
    bricks[45:50, 24:70:16, 24:70:16] = 60.0
    with pytest.raises(PlannerError, match="no heart found"):
        reconstruct("heart", [Volume(bricks, np.diag((2.5, 2.5, 2.5, 1.0)), "1.2", "HU", "CT")], "cpu")


def test_images_of_two_patient_spaces_are_never_joined(ct: SimulatedImage) -> None:
    other = Volume(ct.image.voxels, ct.image.patient_from_index, "9.9", "HU", "CT")
    with pytest.raises(PlannerError, match="frames of reference"):
        reconstruct("heart", [ct.image, other], "cpu")


def test_images_that_name_no_patient_space_are_never_joined(ct: SimulatedImage) -> None:
    nameless = Volume(ct.image.voxels, ct.image.patient_from_index, "", "HU", "CT")
    with pytest.raises(PlannerError, match="one by one"):
        reconstruct("heart", [nameless, nameless], "cpu")


def test_no_image_is_refused() -> None:
    with pytest.raises(PlannerError, match="no image"):
        reconstruct("heart", [], "cpu")


def test_cancelling_takes_effect_at_the_next_report(ct: SimulatedImage) -> None:
    seen: list[str] = []

    def note(stage: str, _: float) -> None:
        seen.append(stage)

    with pytest.raises(Cancelled):
        reconstruct("heart", [ct.image], "cpu", Reporting(note, lambda: "reconstructing" in seen))
    assert "making surfaces" not in seen


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_unseen_hearts_at_one_and_a_half_millimetres_reach_the_floor() -> None:
    """Full volumes, unseen shapes, CT and MR contrasts: mean Dice over the seven structures at least 0.80."""
    scores = []
    for i in range(10, 16):
        patient = sample_patient(TEST_SEEDS + i)
        for image in (simulate_ct(patient, "1.1"), simulate_mr(patient, "1.2")):
            scores.append(_mean_dice(reconstruct("heart", [image.image], "cpu"), image))
    assert np.mean(scores) >= 0.80


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_contrasts_drawn_at_random_reach_the_floor_as_well() -> None:
    """Unseen shapes, contrasts and artefacts (blood and muscle may look alike): mean Dice at least 0.80."""
    scores = [_dice_at_random_contrast(TEST_SEEDS + i, seed=i) for i in range(300, 312)]
    assert np.mean(scores) >= 0.80


def _dice_at_random_contrast(patient_seed: int, seed: int) -> float:
    simulated = simulate_study(sample_patient(patient_seed), "any", "1.1", contrast_seed=seed)
    return _mean_dice(reconstruct("heart", [simulated.image], "cpu"), simulated)
