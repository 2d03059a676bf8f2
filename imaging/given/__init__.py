"""What comes with a study, made elsewhere: segmentations, contours, surfaces, measurement reports."""
