"""`watchbill schema`: the JSON Schema of the specs."""

from __future__ import annotations

import click

from watchbill import console


@click.command(short_help="Print the JSON Schema of the specs.")
@click.argument("document", required=False)
def schema(document: str | None) -> None:
    """Print the JSON Schema of a kind of DOCUMENT: platform, service, pack or profile.

    Without DOCUMENT, print all of them as one object.
    """
    from watchbill.language import schema as schemas

    if document is None:
        console.print_json({name: schemas.schema(name) for name in schemas.DOCUMENTS})
    else:
        console.print_json(schemas.schema(document))
