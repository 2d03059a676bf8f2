"""The planes that hearts are looked at in, from landmarks: short axis, long axes, outflow tract, valves en face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.anatomy import LANDMARKS
from plan.items import CutPlane, as_point

VALVES_EN_FACE: Mapping[str, tuple[str, bool, str]] = {
    "mitral_valve": ("Mitral valve from the left atrium", False, "aortic_valve"),
    "tricuspid_valve": ("Tricuspid valve from the right atrium", False, "aortic_valve"),
    "aortic_valve": ("Aortic valve from the aorta", True, "pulmonary_valve"),
    "pulmonary_valve": ("Pulmonary valve from the pulmonary artery", True, "aortic_valve"),
}
"""Valve -> title, whether it is seen from where the blood goes, and what lies at the top of the picture."""

RV_INSERTIONS = ("inferior_rv_insertion", "anterior_rv_insertion")
SURGEONS_VIEW = ("surgeon", "Surgeon's view")
_LEAST_MM = 3.0
"""Landmarks that are nearer to each other, or to a common line, than this define no plane."""

Places = Mapping[str, np.ndarray]

NEEDED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "short_axis": (("mitral_valve", "lv_apex", "tricuspid_valve"), ()),
    "two_chamber": (("mitral_valve", "lv_apex"), ()),
    "three_chamber": (("mitral_valve", "lv_apex", "aortic_valve"), ()),
    "four_chamber": (("mitral_valve", "lv_apex", "tricuspid_valve"), ()),
    "outflow_tract": (("mitral_valve", "lv_apex", "aortic_valve"), ("aortic_valve",)),
    **{f"{key}_en_face": ((key, above), (key,)) for key, (_, _, above) in VALVES_EN_FACE.items()},
}
"""View -> the landmarks and the directions that it is made of; the two-chamber view also needs the right heart:
its insertions at the septum, or the tricuspid valve."""


@dataclass(frozen=True, eq=False)
class StandardView:
    """A plane and how one looks at it: from the side that its normal points to, with `up` at the top.

    Attributes:
        key, title: "four_chamber", "Four-chamber view".
        origin_mm: (3,) LPS mm, in the middle of what is to be seen.
        normal, up: (3,) unit vectors, LPS, perpendicular to each other.
    """

    key: str
    title: str
    origin_mm: np.ndarray
    normal: np.ndarray
    up: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Unit vector (3,) to the right of the picture."""
        return np.cross(self.up, self.normal)

    def cut_plane(self) -> CutPlane:
        """The cut plane that opens the heart for this view."""
        return CutPlane(self.title, as_point(self.origin_mm), as_point(self.normal))


def standard_views(landmarks: Places, directions: Places) -> tuple[StandardView, ...]:
    """The views that the landmarks allow.

    Args:
        landmarks: keys of `core.anatomy.LANDMARKS` -> LPS position (3,) in mm.
        directions: key of a valve -> unit vector (3,) with the blood.

    Returns:
        Short axis (from the apex, the right ventricle on the left); two-, three- and four-chamber view (apex up,
        the right ventricle, or the inferior wall, on the left); outflow tract; each valve en face. Those whose
        landmarks are missing or lie on a line are left out.

    Source: Cerqueira et al., Standardized myocardial segmentation and nomenclature, Circulation 105 (2002) 539.
    """
    views = [*_ventricular(landmarks), _outflow(landmarks, directions)]
    views += [_en_face(key, landmarks, directions) for key in VALVES_EN_FACE]
    return tuple(view for view in views if view is not None)


def surgeons_view(middle_mm: np.ndarray) -> StandardView:
    """What a surgeon on the right of the table sees after opening the chest: from the front, the head on the left.

    Args:
        middle_mm: (3,) LPS, the middle of the heart.
    """
    return StandardView(
        *SURGEONS_VIEW, np.asarray(middle_mm), np.array([0.0, -1.0, 0.0]), np.array([1.0, 0.0, 0.0])
    )


def why_no_view(key: str, landmarks: Places, directions: Places) -> str:
    """Which landmarks a view waits for, in words; empty where there is the view. Raises KeyError for no such view."""
    places, flows = NEEDED[key]
    titles = {kind.key: kind.title for kind in LANDMARKS}
    missing = [titles[name] for name in places if name not in landmarks]
    if key == "two_chamber" and "tricuspid_valve" not in landmarks and not set(RV_INSERTIONS) <= set(landmarks):
        missing.append(titles["tricuspid_valve"])
    missing += [f"direction of {titles[name]}" for name in flows if name not in directions]
    if missing:
        return f"not found: {'; '.join(missing)}"
    if not any(view.key == key for view in standard_views(landmarks, directions)):
        return "its landmarks lie on one line"
    return ""


def _ventricular(landmarks: Places) -> list[StandardView | None]:
    if not {"mitral_valve", "lv_apex"} <= set(landmarks):
        return []
    base, apex = landmarks["mitral_valve"], landmarks["lv_apex"]
    to_apex = _unit(apex - base)
    if to_apex is None:
        return []
    middle = (base + apex) / 2.0
    right = _beside(landmarks, "tricuspid_valve", "mitral_valve", to_apex)
    aortic = _beside(landmarks, "mitral_valve", "aortic_valve", to_apex)
    anterior = _beside(landmarks, *RV_INSERTIONS, to_apex)
    if anterior is None and right is not None:
        anterior = np.cross(to_apex, right)
    short = None
    if right is not None:
        short = StandardView("short_axis", "Short axis", middle, to_apex, np.cross(to_apex, right))
    return [
        short,
        _long_axis("two_chamber", "Two-chamber view", middle, to_apex, anterior),
        _long_axis("three_chamber", "Three-chamber view", middle, to_apex, aortic),
        _long_axis("four_chamber", "Four-chamber view", middle, to_apex, right),
    ]


def _long_axis(
    key: str, title: str, origin_mm: np.ndarray, to_apex: np.ndarray, right: np.ndarray | None
) -> StandardView | None:
    if right is None:
        return None
    return StandardView(key, title, origin_mm, np.cross(right, to_apex), to_apex)


def _outflow(landmarks: Places, directions: Places) -> StandardView | None:
    """Along the blood through the aortic valve, across the three-chamber view, seen from the front."""
    if not {"mitral_valve", "lv_apex", "aortic_valve"} <= set(landmarks) or "aortic_valve" not in directions:
        return None
    flow = _unit(directions["aortic_valve"], 0.0)
    to_apex = landmarks["lv_apex"] - landmarks["mitral_valve"]
    across = _unit(np.cross(landmarks["aortic_valve"] - landmarks["mitral_valve"], to_apex))
    if flow is None or across is None:
        return None
    normal = _unit(np.cross(flow, across), 0.3)
    if normal is None:
        return None
    normal = normal if normal[1] < 0 else -normal
    return StandardView("outflow_tract", "LV outflow tract", landmarks["aortic_valve"], normal, flow)


def _en_face(key: str, landmarks: Places, directions: Places) -> StandardView | None:
    title, is_downstream, above = VALVES_EN_FACE[key]
    if key not in landmarks or key not in directions or above not in landmarks:
        return None
    flow = _unit(directions[key], 0.0)
    if flow is None:
        return None
    normal = flow if is_downstream else -flow
    up = _perpendicular(landmarks[above] - landmarks[key], normal)
    return None if up is None else StandardView(f"{key}_en_face", title, landmarks[key], normal, up)


def _beside(landmarks: Places, start: str, end: str, axis: np.ndarray) -> np.ndarray | None:
    """Unit direction (3,) from one landmark to another, perpendicular to an axis."""
    if start not in landmarks or end not in landmarks:
        return None
    return _perpendicular(landmarks[end] - landmarks[start], axis)


def _perpendicular(vector_mm: np.ndarray, axis: np.ndarray) -> np.ndarray | None:
    return _unit(vector_mm - axis * float(vector_mm @ axis))


def _unit(vector: np.ndarray, least: float = _LEAST_MM) -> np.ndarray | None:
    length = float(np.linalg.norm(vector))
    return np.asarray(vector, dtype=np.float64) / length if length > max(least, 1e-9) else None
