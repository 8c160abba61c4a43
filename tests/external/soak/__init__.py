"""Long runs: load with faults, and crashes; `make soak` runs them."""
