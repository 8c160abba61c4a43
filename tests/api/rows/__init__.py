"""The contract as rows: one request each, in a situation, and what has to come back.

`ROWS` is all of them; the modules beside this one hold them by subject, and `test_rows.py` runs them.
"""

from tests.api.rows import (
    account,
    chat,
    credentials,
    embeddings,
    everywhere,
    keys,
    limits,
    money,
    scripts,
    search,
    streams,
    usage,
    webhook,
)
from tests.api.rows.row import Row

ROWS: list[Row] = [
    row
    for module in (
        everywhere,
        credentials,
        keys,
        account,
        money,
        webhook,
        limits,
        chat,
        streams,
        embeddings,
        search,
        scripts,
        usage,
    )
    for row in module.ROWS
]
