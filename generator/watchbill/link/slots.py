"""Find the signals that a pack speaks of."""

from __future__ import annotations

from collections.abc import Mapping

from watchbill.errors import Span, choose
from watchbill.language.base import Diagnostics
from watchbill.model.signals import Signal
from watchbill.spec.pack import PackSpec
from watchbill.spec.service import PackUse, ServiceSpec


def link_slots(
    use: PackUse,
    pack: PackSpec,
    spec: ServiceSpec,
    signals: Mapping[str, Signal],
    *,
    span: Span,
    diagnostics: Diagnostics,
) -> dict[str, Signal]:
    """Find the signal for each that the pack needs: named, of the same key, or the only one of its profile."""
    slots: dict[str, Signal] = {}
    for slot, key in use.signals.items():
        if slot not in pack.needs:
            what = f'pack "{pack.pack}" needs no signal "{slot}"'
            diagnostics.add(use.span("signals", slot, key=True), "pack/unknown-slot", what, choose(slot, pack.needs))
        elif key in spec.signals and key not in signals:
            continue  # its own fault has been reported
        elif key not in signals:
            diagnostics.add(
                use.span("signals", slot), "signal/unknown", f'signal "{key}" is unknown', choose(key, spec.signals)
            )
        elif signals[key].profile != pack.needs[slot]:
            what = f'signal "{key}" has profile "{signals[key].profile}", and the pack needs "{pack.needs[slot]}"'
            diagnostics.add(use.span("signals", slot), "pack/other-profile", what, "name another signal")
        else:
            slots[slot] = signals[key]
    for slot, profile in pack.needs.items():
        fitting = {key: signal for key, signal in signals.items() if signal.profile == profile}
        if slot in slots or slot in use.signals:
            continue
        if slot in fitting or len(fitting) == 1:
            slots[slot] = fitting.get(slot) or next(iter(fitting.values()))
        elif any(signal.profile == profile for signal in spec.signals.values()):
            what = f'pack "{pack.pack}" could speak of several signals as "{slot}"'
            example = f"{{pack: {pack.pack}, signals: {{{slot}: {min(fitting, default='…')}}}}}"
            diagnostics.add(span, "pack/ambiguous-slot", what, f"say which, as in {example}")
        elif len(signals) == len(spec.signals):  # else a signal's own fault has been reported
            what = f'pack "{pack.pack}" needs a signal with profile "{profile}"'
            diagnostics.add(
                span, "pack/empty-slot", what, f"add it under signals, as in {slot}: {{profile: {profile}}}"
            )
    return slots
