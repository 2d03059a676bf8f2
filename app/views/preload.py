"""Fetches the 3-D libraries in a thread, so that the window is there and alive meanwhile."""

from __future__ import annotations

from importlib import import_module

from core.progress import Progress

STEPS = ("vtkmodules.vtkRenderingOpenGL2", "pyvista", "render.slicing", "render.renderer", "pyvistaqt")


def preload_3d(progress: Progress) -> None:
    """Import what the 3-D view needs. Raises Cancelled when the window closes meanwhile."""
    for done, name in enumerate(STEPS):
        progress.report("Preparing the 3-D view", done / len(STEPS))
        import_module(name)
