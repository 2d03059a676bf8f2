"""Whatever runs a network, its answer is the same; what OpenVINO has taken over is kept and read again."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from recon.engine import _converted, engine_of, ready
from recon.inference import network_output
from recon.networks.unet import build_network
from recon.task import NetworkSpec
from recon.weights import LoadedNetwork

N = 16
SPEC = NetworkSpec(
    "region", N, 3.0, (8, 16), 8, jitter_mm=0.0, negatives=0.0, has_distances=True,
    landmarks=("mitral_valve", "lv_apex"),
)  # fmt: skip


@pytest.fixture(scope="module")
def loaded() -> LoadedNetwork:
    torch.manual_seed(0)
    return LoadedNetwork(SPEC, build_network(SPEC).eval(), "heart-region", "0" * 64)


@pytest.fixture(scope="module")
def graph(loaded: LoadedNetwork) -> object:
    pytest.importorskip("openvino")
    return _converted(loaded)


def _inputs() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(N, N, N, generator=generator), torch.ones(N, N, N)


def test_without_a_folder_to_keep_networks_in_torch_runs_them(loaded: LoadedNetwork) -> None:
    assert ready(loaded, "cpu", None) is loaded
    assert engine_of(loaded) == "torch"


def test_on_a_gpu_torch_runs_them(loaded: LoadedNetwork, tmp_path: Path) -> None:
    assert ready(loaded, "cuda", tmp_path) is loaded


def test_where_openvino_is_not_installed_torch_runs_them(
    loaded: LoadedNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recon.engine.find_spec", lambda name: None)
    assert ready(loaded, "cpu", tmp_path) is loaded


@pytest.mark.slow
def test_openvino_gives_the_answers_of_torch_fresh_and_from_its_folder(
    loaded: LoadedNetwork, graph: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recon.engine._converted", lambda _: graph)
    fresh = ready(loaded, "cpu", tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("recon.engine._converted", lambda _: pytest.fail("it was to be read from the folder"))
        kept = ready(loaded, "cpu", tmp_path)
    expected = network_output(loaded, *_inputs())
    for network in (fresh, kept):
        assert engine_of(network) == "openvino"
        found = network_output(network, *_inputs())
        for name, ours, theirs in zip(found._fields, found, expected, strict=True):
            assert ours is not None, name
            assert theirs is not None, name
            assert torch.allclose(ours, theirs, atol=1e-3), name
    again = network_output(fresh, *_inputs())
    network_output(fresh, *[1.0 - part for part in _inputs()])
    assert torch.equal(again.logits, network_output(fresh, *_inputs()).logits)


@pytest.mark.slow
def test_a_damaged_file_in_the_folder_is_made_anew(
    loaded: LoadedNetwork, graph: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recon.engine._converted", lambda _: graph)
    ready(loaded, "cpu", tmp_path)
    (kept,) = tmp_path.glob("*.blob")
    content = kept.read_bytes()
    kept.write_bytes(content[: len(content) // 2])
    assert engine_of(ready(loaded, "cpu", tmp_path)) == "openvino"
    assert len(kept.read_bytes()) == len(content)
