from __future__ import annotations

from plan.handles import dragged, handles
from plan.items import Angle, AorticRoot, Contour, CutPlane, Landmark, PlaneAngle

RING = tuple((float(n), float(n * n), 0.0) for n in range(6))


def test_every_placed_point_can_be_taken_and_no_other() -> None:
    assert [handle.field for handle in handles(Angle("a", (1, 0, 0), (0, 0, 0), (0, 1, 0)))] == [
        "start_mm",
        "vertex_mm",
        "end_mm",
    ]
    assert [handle.position_mm for handle in handles(Contour("c", RING))] == list(RING)
    root = AorticRoot("r", left_hinge_mm=(1, 2, 3), annulus_mm=RING[:2])
    assert [(handle.field, handle.index) for handle in handles(root)] == [
        ("left_hinge_mm", None),
        ("annulus_mm", 0),
        ("annulus_mm", 1),
    ]
    assert handles(CutPlane("p", (0, 0, 0), (0, 0, 1))) == handles(PlaneAngle("a", "x", "y")) == ()


def test_dragging_moves_one_point_only() -> None:
    contour = Contour("c", RING, "id1")
    moved = dragged(contour, handles(contour)[2], (9.0, 9.0, 9.0))
    assert moved == Contour("c", (*RING[:2], (9.0, 9.0, 9.0), *RING[3:]), "id1")
    mark = Landmark("l", (1, 1, 1), "id2")
    assert dragged(mark, handles(mark)[0], (2, 3, 4)) == Landmark("l", (2, 3, 4), "id2")
