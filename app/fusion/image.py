"""A second image over the one that is open, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.windowing import Window
from core.fusion import ImageRegistration
from core.mesh import SurfaceMesh
from core.study import Series
from core.volume import Volume


@dataclass(frozen=True, eq=False)
class Fusion:
    """A second series over the open one.

    Attributes:
        series, volume: the moving image, in its own patient space.
        registration: between the two.
        surfaces: the moving image's structures, in the fixed image's space.
        window: grey values of the moving image.
        share: of the moving image in the picture, 0 to 1.
        has_outlines: whether the moving structures are drawn.
        takes_window: whether dragging on a slice changes the moving image's window instead of the fixed one's.
    """

    series: Series
    volume: Volume
    registration: ImageRegistration
    surfaces: Mapping[str, SurfaceMesh]
    window: Window
    share: float = 0.5
    has_outlines: bool = True
    takes_window: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= 1.0:
            raise ValueError("a share lies between 0 and 1")
        if self.volume.frame_of_reference_uid != self.registration.moving.frame_of_reference_uid:
            raise ValueError("the registration is of another image")
