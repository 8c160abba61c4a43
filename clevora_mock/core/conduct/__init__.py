"""Findings about a client's behavior, derived from the journal.

Each finding is about one key (without a key, one account or client) and lists its requests. No rule accuses a client
that may be right: what is concurrent is no repetition, a request whose body the journal has cut is like no other, and
under a clock that stands still nothing is said about pauses. Sign-ins are left out: with masked passwords, different
ones look identical. So are webhooks, whose sender is no client, and does right to send them again.
"""
