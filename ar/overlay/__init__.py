"""The planned heart drawn over the camera picture with OpenGL 3.3 core, in a window or to a file."""
