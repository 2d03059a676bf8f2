"""A second series laid over the open one: how it is made from both hearts, and what the views need of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.fusion.image import Fusion
from app.reconstruction import HEART_TASK, Reconstruct, check_place, cine_companions
from app.state import State
from app.windowing import first_window
from core.anatomy import HEART_BY_KEY, Anatomy
from core.errors import PlannerError
from core.fusion import ImageKey, ImageRegistration
from core.mesh import SurfaceMesh
from core.progress import Progress
from core.study import Series
from core.volume import Volume
from imaging.slices.planes import is_cine_planes


@dataclass(frozen=True, eq=False)
class Fused:
    """What a job brings: the fusion, and the fixed image's anatomy where it had to be made."""

    fusion: Fusion
    fixed: Anatomy | None


def shown_fusion(state: State) -> Fusion | None:
    """The fusion that belongs to the series and phase that the slices show; None for any other."""
    fusion = state.fusion
    if fusion is None or state.series is None or state.volume is None or state.clip is not None:
        return None
    key = fusion.registration.fixed
    is_same = (key.series_uid, key.phase) == (state.series.series_uid, state.phase)
    return fusion if is_same and key.frame_of_reference_uid == state.volume.frame_of_reference_uid else None


def fusion_of(series: Series, volume: Volume, registration: ImageRegistration, moving: Anatomy) -> Fusion:
    """A fusion as it is first shown."""
    surfaces = moved_surfaces(moving, registration)
    return Fusion(series, volume, registration, surfaces, first_window(volume))


def work_of(
    state: State, series: Series, phase: int, reconstruct: Reconstruct, device: str, identity: str
) -> Callable[[Progress], Fused]:
    """The work that loads a second series, reconstructs what is missing, and registers it to the open one.

    Args:
        identity: what makes it one patient; kept with the registration.

    Raises:
        PlannerError: nothing is open, or the second series is the first, or one lies in no patient's space.
    """
    fixed_series, fixed_volume = state.series, state.volume
    if fixed_series is None or fixed_volume is None:
        raise PlannerError("nothing to blend with", "no series is open", "open a series first")
    if (series.series_uid, phase) == (fixed_series.series_uid, state.phase):
        raise PlannerError("nothing is blended", "the marked series is the open one", "mark another series")
    for one in (fixed_series, series):
        check_place(one)
    fixed_planes, moving_planes = (_planes_beside(state, one) for one in (fixed_series, series))
    present = state.anatomy if state.anatomy is not None and state.anatomy.labels is not None else None

    def work(progress: Progress) -> Fused:
        from imaging.slices.load import load_series

        volume = load_series(series, phase, progress)
        fixed = present or reconstruct(
            HEART_TASK, _inputs(fixed_planes, fixed_volume, state.phase), device, progress
        )
        moving = reconstruct(HEART_TASK, _inputs(moving_planes, volume, phase), device, progress)
        keys = key_of(fixed_series, state.phase, fixed_volume), key_of(series, phase, volume)
        registration = register_anatomies(fixed, moving, *keys, device, identity, progress)
        return Fused(fusion_of(series, volume, registration, moving), None if present else fixed)

    return work


def register_anatomies(
    fixed: Anatomy,
    moving: Anatomy,
    fixed_key: ImageKey,
    moving_key: ImageKey,
    device: str,
    identity: str,
    progress: Progress,
    is_smooth: bool = True,
) -> ImageRegistration:
    """Register two reconstructed hearts; torch is imported here, in the thread that works.

    Raises:
        PlannerError: one has no labels, or they do not fit each other. Cancelled.
    """
    from recon.device import choose_device
    from recon.fusion.register import register_labels

    if fixed.labels is None or moving.labels is None:
        raise PlannerError(
            "these images are not registered", "one reconstruction has no label map", "reconstruct it again"
        )
    chosen, _ = choose_device(device)
    return register_labels(
        fixed.labels,
        moving.labels,
        fixed_key,
        moving_key,
        landmarks=(fixed.landmarks, moving.landmarks),
        is_smooth=is_smooth,
        device=chosen,
        provenance={"identity": identity, "weights": [one.report.get("weights") for one in (fixed, moving)]},
        progress=progress,
    )


def moved_surfaces(moving: Anatomy, registration: ImageRegistration) -> dict[str, SurfaceMesh]:
    """The moving image's structures in the fixed image's space. Raises PlannerError for another space's."""
    if moving.frame_of_reference_uid != registration.moving.frame_of_reference_uid:
        raise PlannerError(
            "the structures are not joined", "they lie in no space of this registration", "register them first"
        )
    return {
        key: SurfaceMesh(registration.fixed_points(mesh.vertices), mesh.faces, mesh.fields)
        for key, mesh in moving.surfaces.items()
    }


def key_of(series: Series, phase: int, volume: Volume) -> ImageKey:
    """What names an image in a registration."""
    return ImageKey(series.series_uid, phase, volume.frame_of_reference_uid, volume.modality)


def describe_error(registration: ImageRegistration) -> str:
    """The registration's error in one line, as the estimate it is."""
    error = registration.error
    fit = sum(error.residual_mm.values()) / max(len(error.residual_mm), 1)
    told = f"surfaces {fit:.1f} mm apart on average"
    if not math.isfinite(error.estimated_tre_mm):
        return f"{told}; the error at the heart could not be estimated"
    return (
        f"estimated error {error.estimated_tre_mm:.1f} mm at the heart's surfaces ({told}); not measured here"
    )


def error_lines(registration: ImageRegistration) -> list[str]:
    """The errors of every structure, one line each."""
    error = registration.error
    lines = []
    for key, residual_mm in error.residual_mm.items():
        title = HEART_BY_KEY[key].title if key in HEART_BY_KEY else key
        left_out = error.left_out_mm.get(key)
        foretold = "not told" if left_out is None else f"{left_out:.2f} mm"
        rigid_mm = error.rigid_residual_mm.get(key, math.nan)
        lines.append(f"{title:<18} rigid {rigid_mm:5.2f} mm   now {residual_mm:5.2f} mm   left out {foretold}")
    return lines


def _planes_beside(state: State, series: Series) -> tuple[Series, ...]:
    """The cine planes that one heart is made of, when the series is one of them."""
    return cine_companions(state, series) if is_cine_planes(series) else ()


def _inputs(planes: Sequence[Series], volume: Volume, phase: int) -> list[Volume]:
    from imaging.slices.load import load_planes

    if len(planes) < 2:
        return [volume]
    return [plane for one in planes for plane in load_planes(one, min(phase, one.n_phases - 1))]
