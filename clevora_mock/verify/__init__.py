"""``clevora-mock verify``: the contract's clauses, asked of any server over HTTP.

`probes/` has what is asked, `session.py` how, `run.py` comes to a verdict for each clause, and `report.py`,
`evidence_file.py`, `junit.py` and `remedies.py` tell it.
"""
