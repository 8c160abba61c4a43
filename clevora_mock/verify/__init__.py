"""``clevora-mock verify``: the contract's clauses, asked of any server over HTTP.

`probes/` has what is asked, `session.py` sends it, `run.py` comes to a verdict for each clause, `report.py` words it,
and `results.py` makes its files. `llms.py` compares a server's document for agents instead.
"""
