"""The whole heart: seven structures from CT, MR or a few cine planes."""
