"""Layers that leave some paths alone, by the whole path, and layers for what is below one.
Floor 8: asset_aggregator. svc-infra compares by prefix: `/metricsX` would escape the limiter as `/metrics` does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send


class WholePaths:
    """Run `layer` around the app for every request but those whose path is one of `skip`, letter for letter.

    What is below a path of `skip_below`, which ends in a slash, is left alone too.

    Closes: `skip_paths` of svc-infra's limiter, handler timeout and metrics are prefixes.
    """

    # Any: the layers of svc-infra share no type, and their options are their own
    def __init__(
        self,
        app: ASGIApp,
        /,
        *,
        layer: Callable[..., Any],
        skip: Collection[str],
        skip_below: Any = (),
        **options: Any,
    ) -> None:
        self._inner = app
        self._skip = frozenset(skip)
        self._skip_below = skip_below
        self.app = layer(app, **options)
        self.app.skip_paths = ()  # after the start: the metrics layer takes an empty option for its default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        skipped = scope["type"] == "http" and (
            scope["path"] in self._skip or scope["path"].startswith(self._skip_below)
        )
        await (self._inner if skipped else self.app)(scope, receive, send)


class OnlyBelow:
    """Run `layer` around the app for requests below one path, which ends in a slash, and for no other."""

    # Any: as above
    def __init__(self, app: ASGIApp, /, *, layer: Callable[..., Any], below: str, **options: Any) -> None:
        self._inner = app
        self._below = below
        self.app = layer(app, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = scope["type"] == "http" and scope["path"].startswith(self._below)
        await (self.app if wanted else self._inner)(scope, receive, send)
