"""Poses to and from other programs by OpenIGTLink: 3D Slicer, PLUS, optical trackers."""

from ar.igtl.client import PoseClient
from ar.igtl.naming import device_name, on_the_wire
from ar.igtl.server import PORT, PoseServer

__all__ = ["PORT", "PoseClient", "PoseServer", "device_name", "on_the_wire"]
