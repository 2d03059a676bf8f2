"""What leaves the program: image series and DICOM objects made from them, with or without the patient's identity."""
