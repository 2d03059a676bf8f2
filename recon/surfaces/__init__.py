"""How a field on a grid becomes a well-shaped triangle surface: tables, mesher, relaxation, level and grid."""
