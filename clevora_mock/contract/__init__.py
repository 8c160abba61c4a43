"""The contract as tables: endpoints, errors, limits and clauses of the Clevora AI API.

Routes, prices, limits, errors, the OpenAPI document, ``/llms.json``, ``/__mock/fidelity`` and the documentation all
read from here, so each rule has one place. Every row says whether Clevora's documentation states it (``documented``) or
whether it is silent and the table decides (``inferred``). The rule for a doubtful case is the stricter reading: code
that passes here must pass against every plausible real server.
"""
