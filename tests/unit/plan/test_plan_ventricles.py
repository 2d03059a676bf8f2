from __future__ import annotations

import pytest

from core.errors import PlannerError
from plan.clinical.ventricles import body_surface_m2, myocardial_mass_g, stroke


def test_the_stroke_is_what_leaves_the_ventricle() -> None:
    assert stroke(150.0, 60.0) == {"stroke_ml": 90.0, "ejection_fraction_percent": 60.0}


@pytest.mark.parametrize("volumes", [(60.0, 150.0), (0.0, 0.0), (100.0, -1.0)])
def test_volumes_that_no_heart_has_give_no_ejection_fraction(volumes: tuple[float, float]) -> None:
    with pytest.raises(PlannerError, match="no ejection fraction"):
        stroke(*volumes)


def test_a_wall_weighs_a_little_more_than_water() -> None:
    assert myocardial_mass_g(100.0) == pytest.approx(105.0)


def test_body_surface_is_that_of_the_published_tables() -> None:
    found = body_surface_m2(170.0, 70.0)
    assert found["du_bois"] == pytest.approx(1.810, abs=0.005)
    assert found["mosteller"] == pytest.approx(1.818, abs=0.005)
    with pytest.raises(PlannerError, match="no person"):
        body_surface_m2(1.70, 70.0)
