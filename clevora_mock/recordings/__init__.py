"""Recordings of a live API's answers: written down, without secrets, and replayed."""
