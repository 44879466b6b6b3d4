"""The SDK for Finastra's core banking; everything public is in `bankersbank.finastra`.
Floor 3: may import `fin_infra.flow`, `transport`, `errors` and `model`, and nothing else of fin_infra."""

from fin_infra._distribution import refuse_other_distribution

refuse_other_distribution()
