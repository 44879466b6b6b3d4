"""Ask an OpenFeature provider who may use what: flags such as `fin-infra.banking`, for each tenant and user.

    python examples/openfeature/switches.py       # pip install openfeature-sdk

OpenFeature (https://openfeature.dev) is one interface to many flag services; here its own in-memory provider stands for
one. The flags narrow what the environment has switched on, and never switch on more.
"""

from __future__ import annotations

from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from fin_infra import features
from fin_infra.errors import FeatureDisabled
from fin_infra.features import Hook
from fin_infra.markets import easy_market


def openfeature_hook(client: OpenFeatureClient) -> Hook:
    """Return a hook that asks `client`; a flag it does not know, or a service it cannot reach, changes nothing."""

    def hook(name: str, tenant: str, user: str) -> bool:
        context = EvaluationContext(targeting_key=user or tenant, attributes={"tenant": tenant, "user": user})
        return client.get_boolean_value(f"fin-infra.{name}", True, context)

    return hook


def pilot_only(flag: InMemoryFlag[bool], context: EvaluationContext) -> FlagResolutionDetails[bool]:
    """Target one tenant, as a rule in a flag service would."""
    variant = "on" if context.attributes.get("tenant") == "pilot" else "off"
    return FlagResolutionDetails(flag.variants[variant], reason=Reason.TARGETING_MATCH, variant=variant)


def main() -> None:
    flags = {"fin-infra.market": InMemoryFlag("off", {"on": True, "off": False}, context_evaluator=pilot_only)}
    api.set_provider(InMemoryProvider(flags))
    features.install(openfeature_hook(api.get_client()))
    for tenant in ("pilot", "acme"):
        with features.acting(tenant, "ada"):
            try:
                print(tenant, "may ask", easy_market().source)
            except FeatureDisabled as error:
                print(tenant, "may not:", error)


if __name__ == "__main__":
    main()
