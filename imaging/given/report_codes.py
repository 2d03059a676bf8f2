"""The codes by which measurement reports are written and read. Source: DICOM PS3.16 CID 7469, 7181 and UCUM."""

from __future__ import annotations

from pydicom.sr.coding import Code

DISTANCE = Code("121206", "DCM", "Distance")
LENGTH = Code("410668003", "SCT", "Length")
ANGLE = Code("1483009", "SCT", "Angle")
ANGLE_DICOM = Code("110859", "DCM", "Angle")
VOLUME = Code("118565006", "SCT", "Volume")
MILLIMETRE = Code("mm", "UCUM", "mm")
DEGREE = Code("deg", "UCUM", "deg")
MILLILITRE = Code("ml", "UCUM", "ml")
LANDMARK = Code("122611", "DCM", "Reference Point")
PLANNING = Code("112341", "DCM", "Generic 3D Planning")
SOURCE_OF_MEASUREMENT = Code("121112", "DCM", "Source of Measurement")
MEASUREMENT_GROUP = Code("125007", "DCM", "Measurement Group")
TRACKING_IDENTIFIER = Code("112039", "DCM", "Tracking Identifier")
FINDING_SITE = Code("363698007", "SCT", "Finding Site")
MM_PER_UNIT = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001}
DEG_PER_UNIT = {"deg": 1.0, "rad": 57.29577951308232}
ML_PER_UNIT = {"ml": 1.0, "mL": 1.0, "cm3": 1.0, "mm3": 0.001, "l": 1000.0, "L": 1000.0}
