"""What the program and its tests import is declared and pinned, so that a fresh machine installs all of it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROOMS = ("core", "plan", "imaging", "recon", "render", "ar", "app")
# Modules whose package has another name.
PACKAGES = {
    "cv2": "opencv-python",
    "jpeg_ls": "pyjpegls",
    "libjpeg": "pylibjpeg-libjpeg",
    "openjpeg": "pylibjpeg-openjpeg",
    "rle": "pylibjpeg-rle",
    "OpenGL": "pyopengl",
    "PIL": "pillow",
    "pytestqt": "pytest-qt",
    "skimage": "scikit-image",
    "vtkmodules": "vtk",
}
# It breaks on OpenCV 5: the bench runs it in an environment of its own.
ELSEWHERE = {"sksurgeryarucotracker"}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=!~ ;\[]", name.strip())[0]).lower()


def _imported(folders: tuple[str, ...]) -> set[str]:
    """The packages that the Python files below these folders import."""
    modules: set[str] = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.split(".")[0])
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("importorskip"):
                modules.add(ast.literal_eval(node.args[0]).split(".")[0])
    third_party = modules - set(sys.stdlib_module_names) - {*ROOMS, "tests", "benchmarks"}
    return {PACKAGES.get(module, _plain(module)) for module in third_party}


def _declared(extra: str = "") -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        _plain(name) for name in (project["optional-dependencies"][extra] if extra else project["dependencies"])
    }


def test_every_package_that_the_program_imports_is_declared() -> None:
    assert _imported(ROOMS) - _declared() - _declared("openvino") == set()


def test_every_package_that_tests_and_benchmarks_import_is_declared() -> None:
    declared = _declared() | _declared("dev") | _declared("bench") | ELSEWHERE
    assert _imported(("tests", "benchmarks")) - declared == set()


def test_every_declared_package_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {_plain(line) for line in lines if "==" in line}
    assert (_declared() | _declared("dev")) - pinned == set()
