"""Surfaces painted by the expected error of the registration, worked out once per surface and registration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.mesh import SurfaceMesh

if TYPE_CHECKING:
    from ar.registration import Registration
    from render.scene import Surface


class ErrorPaint:
    """Keeps what it made as long as the surface stays: the overlay knows an unchanged surface by its identity."""

    def __init__(self) -> None:
        self._registration: Registration | None = None
        self._made: dict[int, tuple[SurfaceMesh, SurfaceMesh]] = {}

    def painted(self, surfaces: tuple[Surface, ...], registration: Registration) -> tuple[Surface, ...]:
        """The surfaces with the field of the expected error; as they are when nothing backs the registration."""
        from ar.registration.tre_map import FIELD

        if registration.spread is None:
            return surfaces
        if registration is not self._registration:
            self._registration, self._made = registration, {}
        before, self._made = self._made, {}
        result = []
        for surface in surfaces:
            key = id(surface.mesh)
            self._made[key] = before.get(key) or (surface.mesh, self._with_error(surface.mesh))
            mesh = self._made[key][1]
            result.append(replace(surface, mesh=mesh, is_painted=True, painted_by=FIELD))
        return tuple(result)

    def _with_error(self, mesh: SurfaceMesh) -> SurfaceMesh:
        from ar.registration import with_tre

        assert self._registration is not None
        return with_tre(mesh, self._registration)
