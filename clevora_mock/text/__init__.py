"""Tokens and words of texts."""
