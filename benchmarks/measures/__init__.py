"""The measurements, one to a file; each takes the plan and adds its figures to a section."""
