"""The one import of OpenCV: its wheel redirects Qt's plug-in folders, which would keep PyQt6 from starting."""

from __future__ import annotations

import os

_REDIRECTED = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "LD_LIBRARY_PATH")
_before = {name: os.environ.get(name) for name in _REDIRECTED}

import cv2  # noqa: E402

for _name, _value in _before.items():
    if _value is None:
        os.environ.pop(_name, None)
    else:
        os.environ[_name] = _value
cv2.setNumThreads(min(2, os.cpu_count() or 1))

__all__ = ["cv2"]
