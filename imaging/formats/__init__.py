"""Image and surface files that are not DICOM, in and out."""
