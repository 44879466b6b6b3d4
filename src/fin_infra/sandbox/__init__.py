"""A local sandbox that speaks every vendor's wire format: `fin-infra sandbox serve`.
Floor 8: imports nothing of fin_infra outside this folder, so that adapter and sandbox cannot share a mistake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fin_infra.sandbox.kernel.serve import SandboxError, environment, running, serve

if TYPE_CHECKING:
    from fin_infra.sandbox.kernel.app import create_app

__all__ = ["SandboxError", "create_app", "environment", "running", "serve"]


def __getattr__(name: str) -> object:
    if name == "create_app":  # starlette is loaded by those who ask for the application
        from fin_infra.sandbox.kernel.app import create_app

        return create_app
    raise AttributeError(name)
