"""The service that puts every provider's picture together: `uvicorn asset_aggregator.api:app`.
Floor 8: composes `fin_infra.api` on svc-infra, which it alone may import."""
