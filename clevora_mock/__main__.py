"""The program ``clevora-mock``, also ``python -m clevora_mock``."""

import gc


def run() -> None:
    """Run the command line."""
    # Imports leave no garbage, and looking for it takes a sixth of the start. The server enables collection again when
    # it is ready.
    gc.disable()
    from clevora_mock.cli.main import main  # noqa: PLC0415 - collection is off by now

    main(prog_name="clevora-mock")


if __name__ == "__main__":
    run()
