"""Recordings of a live API, which a second mock plays."""
