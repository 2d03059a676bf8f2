"""The widgets of one slice: its picture, what is drawn over it and what the mouse does on it."""
