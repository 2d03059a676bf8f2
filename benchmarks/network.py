"""One look of the region network at a heart, beside the same network slid over the whole volume."""

from __future__ import annotations

import numpy as np

from benchmarks.report import Comparison, Row, best_of
from core.progress import Silent
from core.volume import Volume
from recon.anatomy.patient import sample_patient
from recon.inference import class_logits, locate_heart, look_at_region
from recon.registry import find_task
from recon.sampling import patient_grid, rasterise
from recon.simulate.study import simulate_ct
from recon.weights import LoadedNetwork, load_network, weights_path

SEED = 2_000_020


def compare(quick: bool) -> Comparison | None:
    """A CT of the chest's middle; None without trained weights."""
    task = find_task("heart")
    if not all(weights_path(task, spec).is_file() for spec in (task.localiser, task.region)):
        return None
    size_mm = 200.0 if quick else 330.0
    image = simulate_ct(sample_patient(SEED), "1.2.3", 3.0 if quick else 1.5, size_mm).image
    localiser = load_network(task, task.localiser, "cpu")
    region = load_network(task, task.region, "cpu")

    def ours() -> float:
        centre = locate_heart([image], localiser, "cpu", Silent())
        return look_at_region([image], centre, region, "cpu", Silent()).certainty

    ours_s, certainty = best_of(1 if quick else 2, ours)
    centres = window_centres(image, region)
    slid_s, _ = best_of(1, lambda: look_everywhere(image, region, centres))
    side = image.shape[0]
    return Comparison(
        f"The heart in a CT of {side}x{side}x{side} voxels, {size_mm:g} mm wide, on the CPU",
        (
            Row("Auricle: find the heart, then one or two looks", ours_s, {"certainty": certainty}),
            Row("the region network in half-overlapping windows", slid_s, {"windows": len(centres)}),
        ),
        ("both rows run Auricle's own networks; the second is how patch networks cover a volume",),
    )


def window_centres(image: Volume, network: LoadedNetwork) -> list[np.ndarray]:
    """Middles of windows that cover the volume with half a window of overlap."""
    window_mm = network.spec.n * network.spec.spacing_mm
    extent_mm = np.array(image.shape) * image.spacing_mm
    counts = 1 + np.ceil(np.maximum(extent_mm - window_mm, 0.0) / (0.5 * window_mm)).astype(int)
    spare_mm = np.maximum(extent_mm - window_mm, 0.0)
    places = [np.linspace(-s / 2.0, s / 2.0, n) for s, n in zip(spare_mm, counts, strict=True)]
    return [image.centre_mm + (x, y, z) for z in places[0] for y in places[1] for x in places[2]]


def look_everywhere(image: Volume, network: LoadedNetwork, centres: list[np.ndarray]) -> None:
    """Window after window: the volume onto its grid, and the network over it."""
    for centre_mm in centres:
        grid = patient_grid(centre_mm, network.spec.n, network.spec.spacing_mm)
        class_logits(network, *rasterise([image], grid, network.spec.n))
