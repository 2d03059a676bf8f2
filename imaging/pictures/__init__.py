"""Pictures that lie in no patient space: X-ray, ultrasound, screen captures; thumbnails of everything."""
