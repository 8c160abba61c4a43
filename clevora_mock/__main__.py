"""``python -m clevora_mock`` is ``clevora-mock``."""

from clevora_mock.cli import main

main(prog_name="clevora-mock")
