"""The contract as rows: a situation, one request, and the expected response.

`ROWS` has all of them. Each module of this package has the rows of one subject; `test_rows.py` runs them.
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
