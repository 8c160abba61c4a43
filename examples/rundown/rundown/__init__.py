"""Rundown: an episode's outline for a topic, with related episodes and answers to questions."""
