"""The widgets of the camera picture and its overlay."""
