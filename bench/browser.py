"""A headless Chromium for tests and pictures: pages, what they log, what they ask for, and pictures of them.

It is spoken to over its debugging pipe (Chrome DevTools Protocol), so that nothing has to be installed beside it.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 30.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
    "--disable-extensions",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
# No name is looked up: what is asked of any other host than this machine fails, and is told.
CLOSED = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"

# By the protocol, Chromium's ends of the pipe are the file descriptors 3 and 4.
LAUNCHER = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class BrowserError(Exception):
    """The browser is missing, broke, or shows what it should not."""


@dataclass
class Page:
    """A tab; `faults` is what went to its console as a warning or an error, `asked` the URLs that it asked for."""

    chromium: Chromium
    session: str
    target: str
    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command to the tab."""
        return self.chromium.send(method, self.session, **parameters)

    def open(self, url: str, *, width: int = 1280, height: int = 900, scheme: str = "light") -> None:
        """Load an address, for a reader with such a screen who likes it light or dark."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.send("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def close(self) -> None:
        """Close the tab."""
        self.chromium.send("Target.closeTarget", targetId=self.target)
        del self.chromium.pages[self.session]

    def value(self, script: str) -> Any:
        """Evaluate an expression; raises `BrowserError` with what it throws."""
        found = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise BrowserError(f"{script}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def wait_for(self, script: str, *, seconds: float = PATIENCE_SECONDS) -> Any:
        """Evaluate an expression until it is true; gives its value."""
        deadline = time.monotonic() + seconds
        while not (found := self.value(script)):
            if time.monotonic() > deadline:
                raise BrowserError(f"never true: {script}\n{self.faults}")
            time.sleep(0.05)
        return found

    def picture(self, path: Path, *, height: int | None = None) -> None:
        """Draw the page, or its first pixels."""
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": height or size["height"], "scale": 1}
        shot = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(shot["data"]))

    def note(self, event: dict[str, Any]) -> None:
        """Take note of what happens in the tab."""
        method, said = event["method"], event["params"]
        if method == "Network.requestWillBeSent":
            self.asked.append(said["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.faults.append(str(said["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and said["type"] in {"error", "warning", "assert"}:
            self.faults.append(str(said["args"]))
        elif method == "Log.entryAdded" and said["entry"]["level"] in {"error", "warning"}:
            self.faults.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")


@dataclass
class Chromium:
    """The browser's end of the pipe."""

    reads: int
    writes: int
    number: int = 0
    rest: bytes = b""
    pages: dict[str, Page] = field(default_factory=dict)

    def send(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send a command, and take note of what happens until it is answered."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        os.write(self.writes, json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            if answer.get("sessionId") in self.pages:
                self.pages[answer["sessionId"]].note(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self.rest:
            if not select.select([self.reads], [], [], PATIENCE_SECONDS)[0]:
                raise BrowserError("Chromium does not answer")
            part = os.read(self.reads, 1 << 20)
            if not part:
                raise BrowserError("Chromium has ended")
            self.rest += part
        line, _, self.rest = self.rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def page(self) -> Page:
        """Open a tab."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session, target)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.send(f"{domain}.enable")
        return page


@contextmanager
def chromium(folder: Path) -> Iterator[Chromium]:
    """Run the browser until the block ends, with its profile in `folder`."""
    program = shutil.which("chromium")
    if program is None:
        raise BrowserError(
            "chromium is not on PATH; install the package of that name, as these tests look at real pages"
        )
    (their_in, our_out), (our_in, their_out) = os.pipe(), os.pipe()

    flags = [*FLAGS, CLOSED, f"--user-data-dir={folder / 'profile'}", "about:blank"]
    command = [sys.executable, "-c", LAUNCHER, str(their_in), str(their_out), program, *flags]
    with (folder / "chromium.log").open("w") as log:
        process = subprocess.Popen(command, pass_fds=(their_in, their_out), stdout=log, stderr=log)
    os.close(their_in)
    os.close(their_out)
    try:
        yield Chromium(our_in, our_out)
    finally:
        process.terminate()
        try:
            process.wait(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
            process.wait()
        os.close(our_in)
        os.close(our_out)
