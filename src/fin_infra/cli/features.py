"""`fin-infra features`: every switch, whether it is on, and what else of FEATURE_ stands in the environment.
Floor 8: what is there is `fin_infra.providers.switches`."""

from __future__ import annotations

from fin_infra.cli.output import print_json, say
from fin_infra.cli.tables import print_table
from fin_infra.features import in_environment
from fin_infra.providers.switches import switches, unknown


def show(*, as_json: bool) -> None:
    """Print every switch; then a sentence for each variable that switches nothing.

    Raises:
        ConfigurationError: a switch says neither yes nor no.
    """
    found = switches()
    rows = [
        {
            "variable": switch.variable,
            "on": in_environment(switch.name, switch.default),
            "default": switch.default,
            "what": switch.what.replace("`", ""),
        }
        for switch in found
    ]
    strange = unknown(known=found)
    if as_json:
        print_json({"switches": rows, "unknown": strange})
        return
    cells = [(str(row["variable"]), "on" if row["on"] else "off", str(row["what"])) for row in rows]
    print_table("Switches", ("variable", "now", "what"), cells)
    for sentence in strange:
        say(sentence)
