"""Exchanges with the server, byte for byte: played over raw sockets, recorded once, compared ever after.

``python -m tests.exchanges record`` writes what the server answers today into ``recording.jsonl``;
``python -m tests.exchanges compare`` plays the same script and says what has become different.
"""
