"""What is measured on surfaces: the thickness of a wall, ways along a surface, gaps between structures."""
