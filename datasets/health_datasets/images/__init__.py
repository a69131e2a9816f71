"""Synthetic medical images: dermoscopy by the ABCD rule, tiles of stained tissue."""
