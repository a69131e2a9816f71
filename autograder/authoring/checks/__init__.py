"""Checks on masters: what catches an author's mistakes before a student meets them."""
