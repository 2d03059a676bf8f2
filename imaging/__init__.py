"""Files in, files out: DICOM, NIfTI, NRRD/MHA and surface files; the only room that meets vendors' DICOM."""
