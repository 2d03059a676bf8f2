"""A picture of a view as a Secondary Capture: RGB as it was drawn, with what is written in it declared."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from imaging.outputs.made import MadeSeries, new_object
from imaging.outputs.source import Source


def make_capture(rgb: np.ndarray, source: Source, series: MadeSeries) -> Dataset:
    """A Secondary Capture of a picture, uint8 (rows, columns, 3).

    The text in it is declared as burned in, because the notice of research use is. It lies in no patient
    space and has no pixel size: nothing can be measured in it.

    Source: DICOM PS3.3 A.8.1, C.8.6.1, C.8.6.2, C.7.6.3.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError("a picture is uint8 (rows, columns, 3)")
    made = new_object(source, series, SecondaryCaptureImageStorage, "OT", 1)
    made.ConversionType = "WSD"
    made.SecondaryCaptureDeviceManufacturer = made.Manufacturer
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.PatientOrientation = made.Laterality = ""
    made.BurnedInAnnotation = "YES"
    made.SamplesPerPixel = 3
    made.PhotometricInterpretation = "RGB"
    made.PlanarConfiguration = 0
    made.Rows, made.Columns = rgb.shape[:2]
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    pixels = np.ascontiguousarray(rgb).tobytes()
    made.PixelData = pixels + b"\0" * (len(pixels) % 2)
    made["PixelData"].VR = "OB"
    return made
