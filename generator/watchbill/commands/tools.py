"""`watchbill tools`: fetch promtool, amtool and their servers, and show their versions."""

from __future__ import annotations

import click

from watchbill import console


@click.command(short_help="Fetch promtool, amtool and their servers, and show their versions.")
@console.format_option
def tools(format_: str) -> None:
    """Fetch the oldest and the newest supported Prometheus and Alertmanager, and show their versions."""
    from watchbill import tools as toolbox

    found = toolbox.fetch()
    console.answer({"tools": toolbox.as_json(found)}, toolbox.table(found), format_)
