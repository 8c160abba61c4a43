"""HTTP on the wire: framing, limits, timeouts and disconnects."""
