"""Where the patient lies on the marker body: pointer, touched landmarks, surface, hand; or placed on the table."""

from ar.registration.by_hand import nudge
from ar.registration.json_file import read_registration, write_registration
from ar.registration.landmarks import register_by_points, register_fiducials
from ar.registration.model import Fiducial, Method, Registration, place_on_table
from ar.registration.paired import PointFit, leave_one_out_mm, register_points
from ar.registration.spread import MotionSpread, spread_of_points
from ar.registration.surface import refine_on_surface
from ar.registration.tre_map import TreSummary, tre_summary, with_tre

__all__ = [
    "Fiducial",
    "Method",
    "MotionSpread",
    "PointFit",
    "Registration",
    "TreSummary",
    "leave_one_out_mm",
    "nudge",
    "place_on_table",
    "read_registration",
    "refine_on_surface",
    "register_by_points",
    "register_fiducials",
    "register_points",
    "spread_of_points",
    "tre_summary",
    "with_tre",
    "write_registration",
]
