"""A recording of what the server answers, byte for byte: the promise that a seed and a clock decide every byte.

`script/` has some 900 requests by their servers' flags: models, limits, faults, scenarios that draw, state, Firebase.
`player.py` starts each server through the command line, sends the requests over plain sockets and keeps every byte that
comes back and how the connection ended. `recording.jsonl` is one line for each: the request, the ending and the answer,
a long one as its hash, its length and its beginning.

`make test-slow` plays the script and compares, on whatever Python it runs: the same bytes everywhere. Where a change
means to change an answer, look at what differs and record anew:

    python -m tests.exchanges compare    # says what has become different, step by step
    python -m tests.exchanges record     # writes recording.jsonl
"""
