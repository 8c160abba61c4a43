"""The contract as tables: endpoints, errors, limits and clauses of the Clevora AI API.

Routes, prices, the OpenAPI document, ``/llms.json``, ``/__mock/fidelity`` and the documentation are generated from
them. Every row is ``documented``, if Clevora's documentation states it, or ``inferred``. Where the documentation is
ambiguous, the stricter reading applies: code that passes here must pass against every plausible real server.
"""
