"""``clevora-mock``, and ``python -m clevora_mock``, which is the same."""

import gc


def run() -> None:
    """Run the command line."""
    # What is loaded at the start is there to stay: looking through it for garbage takes a sixth of the time. A server
    # has it looked for from when it is ready.
    gc.disable()
    from clevora_mock.cli import main  # noqa: PLC0415 - what it loads is what this is about

    main(prog_name="clevora-mock")


if __name__ == "__main__":
    run()
