"""`watchbill demo`: keep the whole stack running on loopback, and break it on purpose."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from watchbill import console


@click.command(short_help="Run the whole stack on loopback, and break it on purpose.")
@console.specs_option
@console.out_option
@click.option(
    "--site", type=click.Path(path_type=Path), default=Path("site"), show_default=True, help="The built site."
)
@click.option(
    "--config", type=click.Path(path_type=Path), default=Path("mkdocs.yml"), show_default=True, help="MkDocs'."
)
@click.option("--port", type=click.IntRange(1024, 65535), default=8060, show_default=True, help="Of the page to open.")
@click.option(
    "--scale", type=click.IntRange(10, 60), default=60, show_default=True, help="How much faster than life it runs."
)
def demo(specs: Path, out: Path, site: Path, config: Path, port: int, scale: int) -> None:
    """Run Prometheus and Alertmanager with what is compiled, on 127.0.0.1 only, until Ctrl-C.

    All services export their samples. Open the page that is printed, inject faults, and read what people would be sent;
    boards and runbooks are served with it. Each fault ends by itself.
    """
    from watchbill import tools as toolbox
    from watchbill.compilation import compile_rules
    from watchbill.demo import run as demos
    from watchbill.drill import campaign
    from watchbill.quantity import TimeScale
    from watchbill.site import build as sitebuild
    from watchbill.stack import configuration
    from watchbill.stack.running import Scaled

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is being built or fetched is left in order
    time_scale = TimeScale(scale)
    real = compile_rules(specs).bundle
    campaign.expect_emitted(real, out)
    faster = compile_rules(specs, scale=time_scale).bundle
    scaled = Scaled(faster, time_scale, configuration.scrapes(faster).__getitem__)

    def prepare() -> None:
        if not (site / "index.html").is_file():
            console.say("building the runbook site, once, which takes about half a minute …")
            sitebuild.build_site(specs, config, site, console.say)

    toolbox.fetch(names=("newest",))
    plan = demos.DemoSetup(scaled, real, toolbox.generation("newest"), specs / "samples", out / "board", site, port)
    demos.run(plan, prepare, console.say, click.echo)
