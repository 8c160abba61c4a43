"""The repository itself: documents, layers, constraints and container files."""
