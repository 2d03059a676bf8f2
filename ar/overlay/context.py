"""An OpenGL context without a window or a screen: overlays for files and tests."""

from __future__ import annotations

import ctypes
from types import TracebackType
from typing import Any

from ar.overlay.gl import EGL, GL, GLError
from core.errors import PlannerError

_SURFACELESS_MESA = 0x31DD
_CONFIG = (EGL.EGL_SURFACE_TYPE, EGL.EGL_PBUFFER_BIT, EGL.EGL_RENDERABLE_TYPE, EGL.EGL_OPENGL_BIT, EGL.EGL_NONE)
_VERSION = (0x3098, 3, 0x30FB, 3, 0x30FD, 1, EGL.EGL_NONE)  # 3.3 core profile
_PBUFFER = (EGL.EGL_WIDTH, 16, EGL.EGL_HEIGHT, 16, EGL.EGL_NONE)


class OffscreenContext:
    """An OpenGL 3.3 core context of its own; `with` makes it current and gives the former EGL one back.

    A context of Qt's that is still current in the same thread stands in the way: call `doneCurrent()` first, or
    draw in another thread.
    """

    def __init__(self) -> None:
        """Open it. Raises PlannerError when this machine offers no such context."""
        try:
            self._open()
        except GLError as error:
            raise _refusal("it offers no OpenGL 3.3") from error
        self._former: list[tuple[Any, Any, Any, Any]] = []

    def _open(self) -> None:
        self._display = _open_display()
        EGL.eglBindAPI(EGL.EGL_OPENGL_API)
        config = EGL.EGLConfig()
        count = ctypes.c_long()
        EGL.eglChooseConfig(self._display, _attributes(_CONFIG), ctypes.byref(config), 1, ctypes.byref(count))
        self._surface = EGL.eglCreatePbufferSurface(self._display, config, _attributes(_PBUFFER))
        self._context = EGL.eglCreateContext(self._display, config, EGL.EGL_NO_CONTEXT, _attributes(_VERSION))

    def __enter__(self) -> OffscreenContext:
        self._former.append(
            (
                EGL.eglGetCurrentDisplay(),
                EGL.eglGetCurrentSurface(EGL.EGL_DRAW),
                EGL.eglGetCurrentSurface(EGL.EGL_READ),
                EGL.eglGetCurrentContext(),
            )
        )
        try:
            EGL.eglMakeCurrent(self._display, self._surface, self._surface, self._context)
        except GLError as error:
            self._former.pop()
            raise PlannerError(
                "cannot draw the overlay off the screen",
                "another OpenGL context is current in this thread",
                "release it first, or draw in another thread",
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        display, draw, read, context = self._former.pop()
        EGL.eglMakeCurrent(self._display, EGL.EGL_NO_SURFACE, EGL.EGL_NO_SURFACE, EGL.EGL_NO_CONTEXT)
        if context:
            EGL.eglMakeCurrent(display, draw, read, context)

    def close(self) -> None:
        """Give the context back; it must not be current."""
        EGL.eglDestroyContext(self._display, self._context)
        EGL.eglDestroySurface(self._display, self._surface)

    @property
    def renderer(self) -> str:
        """Name of what draws, such as a card or llvmpipe; only while current."""
        return str(GL.glGetString(GL.GL_RENDERER).decode())


def _open_display() -> Any:
    """A display without a screen: Mesa's surfaceless one, or the default one."""
    for find in (_surfaceless, lambda: EGL.eglGetDisplay(EGL.EGL_DEFAULT_DISPLAY)):
        major, minor = ctypes.c_long(), ctypes.c_long()
        try:
            display = find()
            if display and EGL.eglInitialize(display, ctypes.byref(major), ctypes.byref(minor)):
                return display
        except GLError:
            continue
    raise _refusal("EGL finds no display")


def _surfaceless() -> Any:
    from OpenGL.EGL.EXT.platform_base import eglGetPlatformDisplayEXT

    return eglGetPlatformDisplayEXT(_SURFACELESS_MESA, None, None) if eglGetPlatformDisplayEXT else None


def _attributes(values: tuple[Any, ...]) -> Any:
    return (ctypes.c_int * len(values))(*(int(value) for value in values))


def _refusal(why: str) -> PlannerError:
    return PlannerError("cannot draw the overlay without a screen", why, "install libegl1 and a Mesa driver")
