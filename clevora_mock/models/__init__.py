"""Deterministic fake models: completions, embeddings, search, scripts."""
