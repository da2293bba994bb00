from __future__ import annotations

from shipped import bundle


def test_alerts_signals_and_objectives_are_found_by_the_names_that_others_use_of_them() -> None:
    found = bundle()
    assert len({alert.id for alert in found.alerts}) == len(found.alerts) > 100
    for service in found.services:
        for alert in service.alerts:
            assert found.alert(f"{service.name}/{alert.name}") is alert
            assert service.signal(alert.subject).key == alert.subject
            assert not alert.slo or service.slo(alert.slo).name == alert.slo
        for slo in service.slos:
            assert (service.signal(slo.signal).key, service.signal(slo.name).key) == (slo.signal, slo.name)
