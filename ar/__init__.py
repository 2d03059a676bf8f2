"""Live augmented reality: cameras, calibration, board tracking and the overlay."""
