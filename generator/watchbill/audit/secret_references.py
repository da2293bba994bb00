"""Find the files that an Alertmanager configuration names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import yaml

from watchbill.channels import definitions
from watchbill.channels.base import SecretForm
from watchbill.errors import RefusedError

HTTP = "http"  # stands for whatever is below an http_config, whosever it is

_PUBLIC = frozenset({"ca_file", "cert_file"})
_TLS = _PUBLIC | {"key_file"}
_GLOBAL_NAMES = {"smtp": "SMTP", "opsgenie": "OpsGenie", "victorops": "VictorOps", "http": "HTTP", "wechat": "WeChat"}


class Kind(StrEnum):
    """What a file must hold for Alertmanager to make use of it."""

    URL = "an http or https URL"
    SECRET = "a secret"  # noqa: S105 (a kind, not a secret)
    TLS_KEY = "a key of TLS"
    CERTIFICATE = "a certificate"


@dataclass(frozen=True, slots=True)
class Reference:
    """A file that a configuration names, and who needs it: receivers by name, or a global setting.

    `integration` is the part of Alertmanager that reads the file, such as `opsgenie`, `email` or `http`; `form` is what
    a channel of ours says of its text.
    """

    path: str
    kind: Kind
    integration: str
    needed_by: tuple[str, ...]
    form: SecretForm | None = None


def read_references(text: str) -> tuple[Reference, ...]:
    """List the files that a configuration names under keys that end in `_file`, sorted by path.

    Raises `RefusedError` for what is no configuration, with the line at fault where there is one. What is read is
    Alertmanager's YAML and not a spec, where "08:00" would be refused; only texts matter, so nothing is converted.
    """
    try:
        config = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (makes texts, lists and mappings only)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise RefusedError(f'the configuration is not YAML{place}; run "watchbill generate"') from None
    except RecursionError:
        raise RefusedError('the configuration is nested too deep; run "watchbill generate"') from None
    if not isinstance(config, dict) or "receivers" not in config:
        raise RefusedError('the configuration has no receivers; run "watchbill generate"')
    users: dict[tuple[str, Kind, str, SecretForm | None], list[str]] = {}
    for user, steps, path in _named(config):
        integration = HTTP if "http_config" in steps else steps[0].removesuffix("_configs").replace("smtp", "email")
        found = (path, _kind(steps[-1]), integration, _form(steps[0], steps[-1]))
        users.setdefault(found, []).append(user)
    return tuple(
        Reference(path, kind, integration, tuple(dict.fromkeys(names)), form)
        for (path, kind, integration, form), names in sorted(users.items(), key=lambda user: user[0][:3])
    )


def _named(config: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield who needs a file, the keys down to it from the integration on, and its path."""
    for steps, path in _leaves(config.get("global"), ()):
        first = steps[0].split("_")[0]
        yield f"global {_GLOBAL_NAMES.get(first, first.capitalize())}", (first, *steps), path
    receivers = config.get("receivers")
    for receiver in receivers if isinstance(receivers, list) else ():
        if isinstance(receiver, dict):
            for steps, path in _leaves(receiver, ()):
                yield str(receiver.get("name")), steps, path


def _leaves(value: object, steps: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*steps, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, steps)
    elif isinstance(value, str) and value and steps and steps[-1].endswith("_file"):
        yield steps, value


def _form(section: str, key: str) -> SecretForm | None:
    """Find what a channel of ours says of a secret file, by the list that an entry stands in, and its setting."""
    forms = (each.secret_forms.get(key) for each in definitions().values() if each.key == section)
    return next(filter(None, forms), None)


def _kind(key: str) -> Kind:
    if key in _PUBLIC:
        return Kind.CERTIFICATE
    if key in _TLS:
        return Kind.TLS_KEY
    if key.endswith("url_file"):
        return Kind.URL
    return Kind.SECRET
