"""Long runs: load with faults, crashes, and a sandbox beside a naive model of it; `make soak` runs them."""
