"""The heart in a large CT: found, looked at, and looked at from aside; by OpenVINO, eager torch, and windows."""

from __future__ import annotations

import resource
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.report import Comparison, Row, best_of
from core.progress import Silent
from core.volume import Volume
from recon.anatomy.patient import sample_patient
from recon.engine import load_networks
from recon.inference import locate_heart, look_at_region, network_output
from recon.near import near
from recon.registry import find_task
from recon.sampling import grid_box, patient_grid, rasterise
from recon.simulate.study import simulate_ct
from recon.steadiness import look_from_aside
from recon.weights import LoadedNetwork, weights_path

SEED = 2_000_020


def compare(quick: bool) -> Comparison | None:
    """A CT of the chest's middle, 512x512x400 unless quick; None without trained weights."""
    task = find_task("heart")
    if not all(weights_path(task, spec).is_file() for spec in (task.localiser, task.region)):
        return None
    image = large_ct(quick)
    n = 1 if quick else 2
    networks = load_networks(task, "cpu")
    rows = []
    if find_spec("openvino"):
        with tempfile.TemporaryDirectory() as folder:
            first_s, _ = best_of(1, lambda: load_networks(task, "cpu", cache=Path(folder)))
            again_s, compiled = best_of(n, lambda: load_networks(task, "cpu", cache=Path(folder)))
        figures = {"first use s": first_s, "from its folder s": again_s}
        rows.append(staged("Auricle: all looks, OpenVINO", image, compiled, n, figures))
    rows.append(staged("Auricle: all looks, eager torch", image, networks, n, {}))
    centres = window_centres(image, networks[1])
    slid_s, _ = best_of(1, lambda: look_everywhere(image, networks[1], centres))
    rows.append(Row("the region network in half-overlapping windows", slid_s, {"windows": len(centres)}))
    return Comparison(
        f"The heart in a CT of {' x '.join(map(str, image.shape))} voxels of 16 bits, on the CPU",
        tuple(rows),
        (
            "all rows run Auricle's own networks; the last is how patch networks cover a volume, not from aside",
            "looks: one or two at the region, two from aside (docs/adr/0012)",
            f"the input is {image.voxels.nbytes / 2**20:.0f} MiB; MiB above it are of the process's peak so far",
        ),
    )


def staged(
    who: str,
    image: Volume,
    networks: tuple[LoadedNetwork, LoadedNetwork],
    n: int,
    figures: dict[str, float],
) -> Row:
    """One way from image to looks, with the milliseconds of its stages."""
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    localiser, network = networks
    find_s, centre = best_of(n, lambda: locate_heart([image], localiser, "cpu", Silent()))
    look_s, region = best_of(n, lambda: look_at_region([image], centre, network, "cpu", Silent()))
    aside_s, _ = best_of(n, lambda: look_from_aside(region, network, "cpu"))
    box = grid_box(region.patient_from_index, network.spec.n, 30.0)
    near_s, _ = best_of(n, lambda: near([image], network.spec.spacing_mm, "cpu", box))
    intensity, observed = rasterise([image], region.patient_from_index, network.spec.n)
    pass_s, _ = best_of(n, lambda: network_output(network, intensity, observed))
    above_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    stages: dict[str, float | int | str] = {
        "find ms": 1e3 * find_s,
        "look ms": 1e3 * look_s,
        "aside ms": 1e3 * aside_s,
        "of a look, resampling ms": 1e3 * near_s,
        "of a look, network ms": 1e3 * pass_s,
        "MiB above": above_kb / 1024.0,
        **figures,
    }
    return Row(who, find_s + look_s + aside_s, stages)


def large_ct(quick: bool) -> Volume:
    """A CT of a synthetic patient, drawn at 2 mm (4 mm when quick) and repeated to the voxels of a scanner."""
    coarse = simulate_ct(sample_patient(SEED), "1.2.3", 4.0 if quick else 2.0, 330.0).image
    shape = (100, 128, 128) if quick else (400, 512, 512)
    steps = np.array(coarse.shape) / np.array(shape)
    slices, rows, columns = (
        np.minimum((np.arange(k) * step).astype(int), side - 1)
        for k, step, side in zip(shape, steps, coarse.shape, strict=True)
    )
    affine = np.array(coarse.patient_from_index)
    affine[:3, 3] += affine[:3, :3] @ (0.5 * steps - 0.5)
    affine[:3, :3] *= steps
    voxels = coarse.voxels[slices][:, rows][:, :, columns]
    return Volume(np.ascontiguousarray(voxels), affine, "1.2.3", "HU", "CT")


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
        network_output(network, *rasterise([image], grid, network.spec.n))
