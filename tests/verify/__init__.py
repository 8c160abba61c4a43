"""``clevora-mock verify``."""
