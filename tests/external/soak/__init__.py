"""Long runs: load, crashes, attacks on memory, and a sandbox beside a naive model of it; `make soak` runs them."""
