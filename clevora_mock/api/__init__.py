"""Endpoints of the emulated API, and its documents."""
