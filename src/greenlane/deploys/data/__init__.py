"""Reviewed data files that inspection reads."""
