"""Drill what always fires: its receiver hears of it again and again, and falls silent when Prometheus is gone."""

from __future__ import annotations

import time
from pathlib import Path

from watchbill.drill import checks
from watchbill.drill.fault import notified
from watchbill.drill.record import Record
from watchbill.drill.single import TOLERANCE_SECONDS, Drill, seconds
from watchbill.drill.watch import Say, Watch
from watchbill.stack.running import RESEND_DELAY, Stack, pause, stack
from watchbill.stack.world import World

BEATS = 3
SILENT_SECONDS = 4.0


class WatchdogDrill(Drill):
    """The fault is that nothing is measured any more."""

    def run(self, folder: Path, say: Say) -> Record:
        """Hear it beat, stop Prometheus, and hear that it beats no more."""
        with stack(
            folder, self.setting, self.scaled, self.targets, World(self.setting.samples), self.rules()
        ) as running:
            watch = Watch(running, self.record, say)
            with running.alerting():
                with running.measuring():
                    self._beats(running, watch)
                watch.note("fault", "Prometheus is stopped")
                self._falls_silent(running, watch)
        self.record.seconds = time.time() - watch.began
        return self.record

    def _beats(self, running: Stack, watch: Watch) -> None:
        reaches = notified(self.alert, self.place[0], self.bundle.platform)
        expected = self.fault.expected[0]
        subject = checks.Subject(expected.labels, expected.annotations["summary"], reaches)

        def heard() -> bool:
            got = checks.arrivals(subject, running.receivers.received.notifications())
            return all(len(got.get(one, ())) >= BEATS for one in subject.notified)

        beats = watch.until(seconds(self.bundle.platform.heartbeat.group_interval) * BEATS + TOLERANCE_SECONDS, heard)
        self.record.hold("is heard again and again", "" if beats else f"not {BEATS} times")
        self.record.hold(
            "reaches exactly its receivers", checks.reached(subject, running.receivers.received.notifications())
        )
        self.record.hold("its texts are right", checks.texts(expected, watch))

    def _falls_silent(self, running: Stack, watch: Watch) -> None:
        # Alertmanager believes a silent Prometheus for four times its resend delay.
        pause(self.setting.stop, 4 * seconds(self.scaled.scale(RESEND_DELAY)) + TOLERANCE_SECONDS / 4)
        before = len(running.receivers.received.notifications())
        pause(self.setting.stop, SILENT_SECONDS)
        after = len(running.receivers.received.notifications())
        watch.look()
        self.record.hold("falls silent when Prometheus is gone", f"{after - before} more" if after > before else "")
        self.record.hold("no receiver refuses a message", "; ".join(running.receivers.received.refused()))
