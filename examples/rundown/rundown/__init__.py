"""Rundown: from a topic to an episode's outline, with what others made of it and answers to what is still open."""
