"""Images to labels to surfaces: anatomy, simulation, networks, training, inference and surfaces."""
