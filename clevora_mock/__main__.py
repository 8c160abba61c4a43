"""The program ``clevora-mock``, also ``python -m clevora_mock``."""

import gc


def run() -> None:
    """Run the command line."""
    # Imported modules stay, and collecting garbage while they load takes a sixth of the time to start. A server enables
    # the collector again when it is ready.
    gc.disable()
    from clevora_mock.cli.streams import open_closed_streams  # noqa: PLC0415 - collection is off by now

    open_closed_streams()
    from clevora_mock.cli.main import main  # noqa: PLC0415

    main(prog_name="clevora-mock")


if __name__ == "__main__":
    run()
