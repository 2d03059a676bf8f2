"""The words every room speaks: frames, volumes, surfaces, anatomy, cameras, studies, errors and progress."""
