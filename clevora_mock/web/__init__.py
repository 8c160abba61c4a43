"""HTTP parts that do not depend on the emulated API: middleware, pipeline, validation, responses."""
