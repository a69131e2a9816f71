"""The virtual hospital: seeded, consistent, documented; no patient in it is real."""
