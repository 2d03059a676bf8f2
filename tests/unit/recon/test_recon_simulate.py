"""Simulated images: right brightness in the right tissue, degraded as asked, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from recon.anatomy.patient import sample_patient
from recon.anatomy.tissues import TISSUES, VALUE
from recon.simulate.contrast import contrast_ct, steady_state_mr
from recon.simulate.families import random_contrast
from recon.simulate.image import Artefacts, blur, simulate, smooth_noise
from recon.simulate.study import simulate_ct, simulate_mr


def _blocks() -> torch.Tensor:
    tissues = torch.full((32, 32, 32), VALUE["lung"], dtype=torch.uint8)
    tissues[:, :, 16:] = VALUE["lv"]
    return tissues


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_a_clean_image_has_each_tissues_mean() -> None:
    contrast = contrast_ct()
    image = simulate(_blocks(), contrast, Artefacts(blur=(0.0, 0.0, 0.0)), _generator())
    assert image[:, :, :14].mean().item() == pytest.approx(contrast.means[VALUE["lung"]], abs=8.0)
    assert image[:, :, 18:].mean().item() == pytest.approx(contrast.means[VALUE["lv"]], abs=3.0)


def test_the_same_seed_gives_the_same_image() -> None:
    artefacts = Artefacts(noise=0.05, bias=0.2, gamma=1.3)
    first = simulate(_blocks(), contrast_ct(), artefacts, _generator())
    assert torch.equal(first, simulate(_blocks(), contrast_ct(), artefacts, _generator()))


def test_inversion_swaps_bright_and_dark() -> None:
    image = simulate(_blocks(), contrast_ct(), Artefacts(is_inverted=True), _generator())
    assert image[:, :, 2:14].mean() > image[:, :, 18:30].mean()


def test_blur_agrees_with_scipy() -> None:
    image = np.random.default_rng(0).normal(size=(20, 22, 24)).astype(np.float32)
    ours = blur(torch.from_numpy(image), (1.2, 0.0, 2.0)).numpy()
    theirs = ndimage.gaussian_filter(image, (1.2, 0.0, 2.0), mode="nearest", truncate=2.5)
    assert np.abs(ours - theirs).max() < 0.02


def test_smooth_noise_has_unit_variance_and_neighbours_that_agree() -> None:
    noise = smooth_noise((40, 40, 40), 10, _generator())
    assert noise.std().item() == pytest.approx(1.0, abs=1e-3)
    assert torch.corrcoef(torch.stack([noise[1:].flatten(), noise[:-1].flatten()]))[0, 1] > 0.9


def test_random_contrasts_differ_and_stay_finite() -> None:
    rng = np.random.default_rng(1)
    drawn = [random_contrast(rng) for _ in range(60)]
    means = np.stack([c.means for c in drawn])
    assert means.shape == (60, len(TISSUES))
    assert np.isfinite(means).all()
    # Blood is sometimes brighter and sometimes darker than muscle: no contrast is taken for granted.
    brighter = means[:, VALUE["lv"]] > means[:, VALUE["lv_myocardium"]]
    assert 0.1 < brighter.mean() < 0.95


def test_named_contrasts_order_tissues_as_scanners_do() -> None:
    ct, mr = contrast_ct().means, steady_state_mr().means
    order = [VALUE[name] for name in ("lung", "heart_fat", "lv_myocardium", "rv", "lv", "bone")]
    assert (np.diff(ct[order]) > 0).all()
    assert mr[VALUE["lv"]] > mr[VALUE["heart_fat"]] > mr[VALUE["lv_myocardium"]] > mr[VALUE["lung"]]


def test_ct_and_mr_of_one_patient_have_the_same_volumes_in_two_patient_spaces() -> None:
    patient = sample_patient(9)
    ct = simulate_ct(patient, "1.1", spacing_mm=4.0)
    mr = simulate_mr(patient, "1.2", spacing_mm=4.0)
    assert (ct.image.unit, mr.image.unit) == ("HU", "arbitrary")
    assert ct.image.frame_of_reference_uid != mr.image.frame_of_reference_uid
    for key, volume_ml in ct.truth.volumes_ml().items():
        if key not in ("aorta", "pulmonary_artery"):  # those leave the field of view
            assert mr.truth.volumes_ml()[key] == pytest.approx(volume_ml, rel=0.05)
    blood = ct.image.voxels[ndimage.binary_erosion(ct.truth.mask("la"))]
    assert np.median(blood) == pytest.approx(380.0, abs=25.0)
