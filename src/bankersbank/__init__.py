"""The SDK for Finastra's core banking; it holds nothing yet and is here so that the name is ours.
Floor 3: may import `fin_infra.flow`, `transport`, `errors` and `model`, and nothing else of fin_infra."""
