"""Compiled GLSL programs and their uniforms."""

from __future__ import annotations

import numpy as np

from ar.overlay.gl import GL
from core.errors import PlannerError


class Program:
    """One linked program of the current context."""

    def __init__(self, vertex: str, fragment: str) -> None:
        """Compile and link. Raises PlannerError with the driver's words when it refuses."""
        shaders = [_compile(GL.GL_VERTEX_SHADER, vertex), _compile(GL.GL_FRAGMENT_SHADER, fragment)]
        self._program = GL.glCreateProgram()
        for shader in shaders:
            GL.glAttachShader(self._program, shader)
        GL.glLinkProgram(self._program)
        for shader in shaders:
            GL.glDeleteShader(shader)
        if not GL.glGetProgramiv(self._program, GL.GL_LINK_STATUS):
            raise _refusal(GL.glGetProgramInfoLog(self._program))
        self._places: dict[str, int] = {}

    def use(self) -> None:
        """Draw with it from now on."""
        GL.glUseProgram(self._program)

    def set(self, name: str, value: np.ndarray | float) -> None:
        """Set a uniform: a number, a vector of 2 to 4, or a (4, 4) matrix. The program must be in use."""
        place = self._place(name)
        values = np.ascontiguousarray(value, dtype=np.float32)
        if values.shape == (4, 4):
            GL.glUniformMatrix4fv(place, 1, GL.GL_TRUE, values)
        elif values.size == 1:
            GL.glUniform1f(place, float(values[0]))
        else:
            (GL.glUniform2fv, GL.glUniform3fv, GL.glUniform4fv)[len(values) - 2](place, 1, values)

    def delete(self) -> None:
        """Free it; its context must be current."""
        GL.glDeleteProgram(self._program)

    def _place(self, name: str) -> int:
        if name not in self._places:
            self._places[name] = GL.glGetUniformLocation(self._program, name)
        return self._places[name]


def _compile(kind: int, source: str) -> int:
    shader = GL.glCreateShader(kind)
    GL.glShaderSource(shader, source.strip())
    GL.glCompileShader(shader)
    if not GL.glGetShaderiv(shader, GL.GL_COMPILE_STATUS):
        raise _refusal(GL.glGetShaderInfoLog(shader))
    return int(shader)


def _refusal(log: bytes | str) -> PlannerError:
    words = log.decode(errors="replace") if isinstance(log, bytes) else str(log)
    return PlannerError(
        "cannot draw the overlay", f"the graphics driver refuses a shader: {words.strip()}", "update the driver"
    )
