"""The pixels of a DICOM file, one frame at a time: where they lie, how they are packed, what they mean."""
