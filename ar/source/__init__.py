"""Where camera pictures come from: a live camera, a stream, a video, or a folder of pictures."""

from ar.source.camera import Link, LiveCamera
from ar.source.files import PictureFolder, VideoFile
from ar.source.opening import Source, frames_of, open_source
from ar.source.settings import Applied, CameraFacts, CameraSettings

__all__ = [
    "Applied",
    "CameraFacts",
    "CameraSettings",
    "Link",
    "LiveCamera",
    "PictureFolder",
    "Source",
    "VideoFile",
    "frames_of",
    "open_source",
]
