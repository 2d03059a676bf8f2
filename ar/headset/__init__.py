"""The heart and its plan on headsets and tablets: a server on this machine, and the page that it serves.

`HeadsetServer` is the door: it is given the scene that is shown, and hands over what viewers wish.
"""
