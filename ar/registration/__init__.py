"""Where the patient lies on the marker body: pointer, touched landmarks, surface, hand; or placed on the table."""

from ar.registration.landmarks import register_by_points, register_fiducials
from ar.registration.model import Fiducial, Method, Registration, place_on_table
from ar.registration.paired import PointFit, leave_one_out_mm, register_points
from ar.registration.spread import MotionSpread, spread_of_points

__all__ = [
    "Fiducial",
    "Method",
    "MotionSpread",
    "PointFit",
    "Registration",
    "leave_one_out_mm",
    "place_on_table",
    "register_by_points",
    "register_fiducials",
    "register_points",
    "spread_of_points",
]
