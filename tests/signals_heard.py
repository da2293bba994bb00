"""Processes that hear signals, whoever runs the tests."""

from __future__ import annotations

import signal


def hear_signals() -> None:
    """Let a process that begins hear what nohup, or a shell that runs it in the background, has it ignore."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
