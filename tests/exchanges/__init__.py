"""A recording of the server's responses, byte for byte: seed and clock determine every byte.

`script/` has some 900 requests by their servers' flags: models, limits, faults, scenarios that draw, state, Firebase.
`player.py` starts each server through the command line, sends the requests over plain sockets, and keeps all received
bytes and the way each connection ended. `recording.jsonl` has one line for each: the request, the ending and the
response, a long one as its hash, its length and its beginning.

`make test-slow` plays the script and compares, on any Python: the same bytes everywhere. After an intended change of a
response, review the differences and record again:

    python -m tests.exchanges compare    # prints the differences, step by step
    python -m tests.exchanges record     # writes recording.jsonl
"""
