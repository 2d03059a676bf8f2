"""What the camera sees, at work: calibrating, registering, placing parts of the plan by hand; no Qt."""
