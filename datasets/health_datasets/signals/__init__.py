"""Synthetic signals: electrocardiograms."""
