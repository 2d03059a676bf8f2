"""What a reconstruction task is: its structures, its networks and their grids. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.anatomy import LANDMARKS


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
        has_distances: whether it also tells the signed distance to each structure.
        landmarks: keys of `core.anatomy.LANDMARKS` that it also finds, in the order of its heat maps.
    """

    key: str
    n: int
    spacing_mm: float
    channels: tuple[int, ...]
    n_classes: int
    jitter_mm: float
    negatives: float
    has_distances: bool = False
    landmarks: tuple[str, ...] = ()

    @staticmethod
    def from_facts(facts: Mapping[str, object]) -> NetworkSpec:
        """The spec that `dataclasses.asdict` and JSON made these facts of.

        Raises ValueError where they describe no network that can be built here.
        """
        try:
            spec = NetworkSpec(**{**facts, "channels": (), "landmarks": ()})  # type: ignore[arg-type]
            channels, landmarks = facts["channels"], facts.get("landmarks", ())
            if not isinstance(channels, list | tuple) or not isinstance(landmarks, list | tuple):
                raise ValueError("channels and landmarks are lists")
            spec = replace(spec, channels=tuple(channels), landmarks=tuple(landmarks))
        except (TypeError, KeyError) as error:
            raise ValueError("these are not the facts of a network") from error
        _check(spec)
        return spec


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


def _check(spec: NetworkSpec) -> None:
    """Raise ValueError where a spec from a file asks for something no network here has."""
    whole = all(type(value) is int for value in (spec.n, spec.n_classes, *spec.channels))
    known = {kind.key for kind in LANDMARKS}
    if not (
        whole
        and 1 <= len(spec.channels) <= 6
        and all(1 <= width <= 1024 for width in spec.channels)
        and 0 < spec.n <= 512
        and spec.n % 2 ** len(spec.channels) == 0
        and 2 <= spec.n_classes <= 256
        and isinstance(spec.spacing_mm, int | float)
        and 0.0 < spec.spacing_mm < 100.0
        and type(spec.has_distances) is bool
        and known.issuperset(spec.landmarks)
    ):
        raise ValueError("no network has this layout")
