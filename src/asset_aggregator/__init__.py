"""The service that puts every provider's picture together: `uvicorn asset_aggregator.api:app`.
Floor 8: composes `fin_infra.api` on svc-infra, which it alone may import."""

from importlib.util import find_spec

from fin_infra._distribution import refuse_other_distribution
from fin_infra.errors import MissingExtra

refuse_other_distribution()
if find_spec("svc_infra") is None:
    raise MissingExtra.of("The service needs", "svc-infra", "service")
