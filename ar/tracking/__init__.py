"""Finding marker bodies in camera pictures and saying where they are, and how surely."""

from ar.poses import Pose, PoseState
from ar.tracking.tracker import TrackedFrame, Tracker

__all__ = ["Pose", "PoseState", "TrackedFrame", "Tracker"]
