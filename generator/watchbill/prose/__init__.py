"""Bind what people wrote to what was compiled: every reference resolves, every alert has its runbook."""

from __future__ import annotations

from watchbill.prose.cross_references import bind

__all__ = ["bind"]
