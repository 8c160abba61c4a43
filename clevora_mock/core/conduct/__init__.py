"""Findings about a client's behavior, derived from the journal.

Each finding is about one key (without a key, one account) in one client, which a User-Agent names, and lists its
requests. No rule accuses a client that may be right: what it may have sent before it had read an answer is no
repetition, a request whose body the journal has cut is like no other, pauses are judged by a real clock alone, and no
two requests are compared between which the scenario or the clock was changed. Sign-ins are left out: with masked
passwords, different ones look identical. So are webhooks, whose sender is no client, and does right to send them again.
"""
