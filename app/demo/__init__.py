"""The main job from end to end on a built-in synthetic patient whose truth is known exactly."""
