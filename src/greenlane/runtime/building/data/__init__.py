"""Reviewed data files that building reads."""
