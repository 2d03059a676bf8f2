"""What a reconstruction task is: its structures, its networks and their grids. No torch here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkSpec:
    """One network of a task and the patient grid it sees.

    Attributes:
        key: also the name of its weight file, `assets/weights/<task>-<key>.safetensors`.
        n: grid points per axis; spacing_mm: distance between them.
        channels: width of each level.
        n_classes: background included.
        jitter_mm: how far from the grid's middle the heart may lie during training.
        negatives: share of training samples without a heart.
    """

    key: str
    n: int
    spacing_mm: float
    channels: tuple[int, ...]
    n_classes: int
    jitter_mm: float
    negatives: float


@dataclass(frozen=True)
class TaskSpec:
    """One reconstruction: what goes in, what comes out, with which networks."""

    key: str
    title: str
    description: str
    modalities: tuple[str, ...]
    structures: tuple[str, ...]
    localiser: NetworkSpec
    region: NetworkSpec

    def network(self, key: str) -> NetworkSpec:
        """The network of this key. Raises KeyError when the task has none."""
        return {spec.key: spec for spec in (self.localiser, self.region)}[key]
