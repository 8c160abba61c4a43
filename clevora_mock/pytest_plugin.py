"""The pytest plugin under its public name, as in ``-p clevora_mock.pytest_plugin``."""

from clevora_mock.testing.plugin import *  # noqa: F403 - hooks and fixtures
