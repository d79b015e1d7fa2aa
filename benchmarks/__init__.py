"""Measurements against named baselines of the same run; nothing here is a test."""
