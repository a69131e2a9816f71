"""Descriptions of the real sets, one YAML file a set, and of what may be downloaded."""
