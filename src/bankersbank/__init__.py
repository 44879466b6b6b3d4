"""The SDK for Finastra's core banking; everything public is in `bankersbank.finastra`.
Floor 3: may import `fin_infra.flow`, `transport`, `errors` and `model`, and nothing else of fin_infra."""

import fin_infra as _fin_infra  # noqa: F401  # pyright: ignore[reportUnusedImport]  # finds modules by their old paths
