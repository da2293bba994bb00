"""Both servers of a stack, each of which can be stopped and started again in the middle."""

from __future__ import annotations

import time
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from watchbill.model.drills import Server
from watchbill.stack.running import Stack


class Servers:
    """Alertmanager and Prometheus, which run until the block ends; a restart goes on with what was stored."""

    def __init__(self, running: Stack) -> None:
        self._ways = {Server.ALERTMANAGER: running.alerting, Server.PROMETHEUS: running.measuring}
        self._open: dict[Server, ExitStack] = {}

    def __enter__(self) -> Self:
        """Start both, Alertmanager first; where the second fails, the first is stopped."""
        try:
            for server in self._ways:
                self.start(server)
        except BaseException:
            self._stop_all()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop whatever runs."""
        self._stop_all()

    def start(self, server: Server) -> float:
        """Start a server; returns when it was ready."""
        with ExitStack() as starting:
            starting.enter_context(self._ways[server]())
            self._open[server] = starting.pop_all()
        return time.time()

    def stop(self, server: Server) -> float:
        """Stop a server; returns when it had ended."""
        self._open.pop(server).close()
        return time.time()

    def _stop_all(self) -> None:
        with ExitStack() as ending:
            for server in self._ways:
                if server in self._open:
                    ending.callback(self.stop, server)
