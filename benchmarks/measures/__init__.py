"""The measurements, one in each file; each takes the plan and adds figures to its section."""
