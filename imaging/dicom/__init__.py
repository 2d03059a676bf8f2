"""What one DICOM file says, as plain facts."""
