from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import trimesh

from ar.headset.compression import pack_surface
from ar.headset.files import DIST
from ar.registration import register_points
from core.frames import rigid
from core.mesh import SurfaceMesh

PAGE = DIST.parent
NODE = shutil.which("node")


def _node(arguments: list[str], text: str = "", **environment: str) -> str:
    if NODE is None:
        pytest.skip("no Node.js: the page's own tests need it")
    if not (PAGE / "node_modules").is_dir():
        pytest.skip("the page's packages are not installed: make headset-page")
    done = subprocess.run(
        [NODE, *arguments],
        input=text,
        capture_output=True,
        text=True,
        cwd=PAGE,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


def test_the_pages_own_tests_pass_with_a_surface_of_this_machine(tmp_path: Path) -> None:
    ball = trimesh.creation.icosphere(subdivisions=3, radius=70.0)
    mesh = SurfaceMesh(np.asarray(ball.vertices) + (40.0, -120.0, 800.0), np.asarray(ball.faces))
    packed = pack_surface(mesh)
    content = {
        "packed": base64.b64encode(packed.draco).decode(),
        "vertices": (mesh.vertices - packed.centre_mm).tolist(),
        "error_mm": packed.error_mm,
    }
    (tmp_path / "packed.json").write_text(json.dumps(content))
    out = _node(["--test", "test/"], AURICLE_PACKED=str(tmp_path / "packed.json"))
    assert "# fail 0" in out
    assert "# skipped 0" in out


def test_page_and_workstation_register_touched_points_alike() -> None:
    draw = np.random.default_rng(5)
    cases = []
    for n in (3, 4, 4, 7):
        patient = draw.normal(0.0, 40.0, (n, 3)) + (20.0, -150.0, 900.0)
        pose = rigid(draw.normal(0.0, 1.5, 3), draw.normal(0.0, 500.0, 3))
        touched = patient @ pose[:3, :3].T + pose[:3, 3] + draw.normal(0.0, 2.0, (n, 3))
        cases.append((patient, touched))
    script = (
        "import { registerPoints } from './src/geometry.js'; let text = '';"
        "for await (const part of process.stdin) text += part;"
        "console.log(JSON.stringify(JSON.parse(text).map(([a, b]) => registerPoints(a, b))));"
    )
    told = _node(
        ["--input-type=module", "-e", script], json.dumps([[a.tolist(), b.tolist()] for a, b in cases])
    )
    for (patient, touched), found in zip(cases, json.loads(told), strict=True):
        fit = register_points(patient, touched)
        assert found["fre"] == pytest.approx(fit.fre_mm, abs=1e-9)
        assert found["rotation"] == pytest.approx(fit.matrix[:3, :3], abs=1e-9)
        assert found["shift"] == pytest.approx(fit.matrix[:3, 3], abs=1e-6)


def test_no_word_that_a_person_reads_stands_outside_of_the_strings() -> None:
    sources = [path for path in (PAGE / "src").glob("*.js") if path.name not in ("strings.js", "pair.js")]
    assert len(sources) > 10
    for path in sources:
        for line in path.read_text().splitlines():
            if "textContent: '" in line or "say('" in line.replace("say('')", "") or "label: '" in line:
                pytest.fail(f"{path.name}: {line.strip()}")
