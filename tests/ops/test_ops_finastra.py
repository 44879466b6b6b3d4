"""Dashboard and rules ask for series that the service exports, and say what they claim to say."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ops import promql

ROOT = Path(__file__).resolve().parents[2]
BOARD = json.loads((ROOT / "ops" / "grafana" / "finastra.json").read_text("utf-8"))
RULES = yaml.safe_load((ROOT / "ops" / "prometheus" / "finastra.rules.yml").read_text("utf-8"))
ALL_RULES = [rule for group in RULES["groups"] for rule in group["rules"]]
RECORDED = {rule["record"]: rule["expr"] for rule in ALL_RULES if "record" in rule}
ALERTS = {rule["alert"]: rule for rule in ALL_RULES if "alert" in rule}
VARIABLES = {"$__rate_interval": "5m", "$endpoint": ".*"}

LIST = "total-lending/collaterals/b2b/v2:/collaterals"
ONE = f"{LIST}/{{id}}"


def on_board() -> Iterator[str]:
    for panel in BOARD["panels"]:
        for target in panel["targets"]:
            expression = target["expr"]
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)
            yield expression


EXPRESSIONS = [*on_board(), *(rule["expr"] for rule in ALL_RULES)]


def get(url: str, token: str = "") -> str:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=60) as reply:
            return str(reply.read().decode())
    except urllib.error.HTTPError as refused:
        if refused.code != 429:
            raise
        time.sleep(float(refused.headers["Retry-After"]))  # another test may have used up the minute of this service
        return get(url, token)


@pytest.fixture(scope="module")
def exported(demo: Any) -> dict[str, set[str]]:
    """The labels of every series that the running service shows after one call of the list, and of the rules' own."""
    get(f"{demo.service}/finastra/b2b/collaterals?top=1", demo.token)
    samples = promql.scrape(get(f"{demo.service}/metrics"))
    found = {name: {key for labels in series for key, _ in labels} for name, series in samples.items()}
    for name, expression in RECORDED.items():
        kept = [set(re.split(r",\s*", by)) for by in re.findall(r"\bby \(([^)]*)\)", expression)]
        found[name] = set.intersection(*kept) - {"le"}
    return found


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expression_when_parsed_then_the_service_exports_what_it_names(
    expression: str, exported: dict[str, set[str]]
) -> None:
    asked = list(promql.uses(expression))
    assert asked
    for series, labels in asked:
        assert series in exported, f"nothing exports {series}"
        assert labels <= exported[series], f"{series} has no label {labels - exported[series]}"


def test_expressions_when_put_together_then_all_three_families_and_the_recorded_series_are_used() -> None:
    used = {series for expression in EXPRESSIONS for series, _ in promql.uses(expression)}
    assert used >= {"finastra_api_calls_total", "finastra_api_latency_seconds_bucket", "finastra_breaker_state"}
    assert used >= set(RECORDED)
    assert used >= {"fin_provider_calls_total", "fin_provider_latency_seconds_bucket"}


@pytest.mark.parametrize("wrong", ["finastra_api_call_total", 'finastra_api_calls_total{tenant="x"}'])
def test_check_when_a_name_or_label_is_wrong_then_it_is_found(wrong: str, exported: dict[str, set[str]]) -> None:
    with pytest.raises(AssertionError):
        test_expression_when_parsed_then_the_service_exports_what_it_names(wrong, exported)


def test_board_when_it_names_providers_and_states_then_they_are_the_services(demo: Any) -> None:
    get(f"{demo.service}/finastra/b2b/collaterals?top=1", demo.token)
    text = get(f"{demo.service}/metrics")
    assert re.search(r'^fin_provider_calls_total\{.*provider="finastra"', text, re.M)
    assert f'endpoint="{LIST}",status="200"' in text
    asked = [
        line
        for panel in BOARD["panels"]
        for t in panel["targets"]
        for line in re.findall(r'provider=~"([^"]+)"', t["expr"])
    ]
    assert asked
    assert all(re.fullmatch(line, "finastra") for line in asked)
    mapped = BOARD["panels"][0]["fieldConfig"]["defaults"]["mappings"][0]["options"]
    assert {number: state["text"] for number, state in mapped.items()} == {"0": "closed", "1": "half open", "2": "open"}


def test_board_when_read_then_each_panel_is_told_apart_and_explained() -> None:
    panels = BOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["title"] and panel["description"] and panel["targets"] for panel in panels)
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    names = {variable["name"] for variable in BOARD["templating"]["list"]}
    text = json.dumps(panels)
    assert set(re.findall(r"\$\{?([a-z]\w*)", text)) == names
    for legend in re.findall(r'"legendFormat": "([^"]*)"', text):
        assert legend


@pytest.mark.parametrize("panel", BOARD["panels"], ids=lambda panel: panel["title"])
def test_board_when_a_legend_names_a_label_then_the_expression_keeps_it(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        expression = target["expr"]
        by = set(re.split(r",\s*", found[1])) if (found := re.search(r"by \(([^)]*)\)", expression)) else {"endpoint"}
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= by


@pytest.mark.parametrize("name", ALERTS)
def test_alert_when_read_then_it_waits_and_says_how_bad_what_and_where_to_look(name: str) -> None:
    alert = ALERTS[name]
    assert re.fullmatch(r"\d+m", alert["for"])
    assert alert["labels"]["severity"] in ("warning", "critical")
    assert alert["annotations"]["summary"]
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text("utf-8"), re.M)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def page(calls: dict[tuple[str, str], int], buckets: dict[str, int], breakers: dict[str, int]) -> str:
    """Write a page of metrics as the service does."""
    lines = ["# TYPE finastra_api_calls_total counter"]
    lines += [f'finastra_api_calls_total{{endpoint="{e}",status="{s}"}} {n}' for (e, s), n in calls.items()]
    lines += ["# TYPE finastra_api_latency_seconds histogram"]
    lines += [f'finastra_api_latency_seconds_bucket{{endpoint="{LIST}",le="{le}"}} {n}' for le, n in buckets.items()]
    lines += ["# TYPE finastra_breaker_state gauge"]
    lines += [f'finastra_breaker_state{{client="{client}"}} {state}' for client, state in breakers.items()]
    return "\n".join(lines) + "\n"


@pytest.fixture
def five_minutes() -> promql.Prometheus:
    """Between two scrapes: 100 calls of the list, 2 of one collateral that did not exist, 4 that the breaker refused.

    Of the 100, 88 answered 200, 2 said 404, 1 was cancelled, 9 failed (4 times 503, 3 unavailable, 2 times 403).
    """
    before = {"200": 1000, "404": 50, "cancelled": 5, "503": 7, "provider_unavailable": 0, "403": 1}
    after = {"200": 1088, "404": 52, "cancelled": 6, "503": 11, "provider_unavailable": 3, "403": 3}
    calls = [{(LIST, status): number for status, number in told.items()} for told in (before, after)]
    calls[0] |= {(ONE, "404"): 10, (LIST, "circuit_open"): 0}
    calls[1] |= {(ONE, "404"): 12, (LIST, "circuit_open"): 0}
    buckets = (
        {"0.05": 500, "0.1": 900, "0.25": 1000, "+Inf": 1000},
        {"0.05": 540, "0.1": 990, "0.25": 1096, "+Inf": 1100},
    )
    scrapes = [
        page(told, bucket, {"sandbox": 0, "north": 2, "south": 1}) for told, bucket in zip(calls, buckets, strict=True)
    ]
    prometheus = promql.Prometheus(*map(promql.scrape, scrapes))
    for name, expression in RECORDED.items():
        prometheus.record(name, expression)
    return prometheus


def test_error_ratio_when_computed_by_hand_then_the_rule_says_the_same(five_minutes: promql.Prometheus) -> None:
    found = five_minutes.vector("finastra:api_errors:ratio_rate5m")
    assert found == {(LIST,): pytest.approx(9 / 100), (ONE,): 0.0}


def test_p95_when_computed_by_hand_then_the_rule_says_the_same(five_minutes: promql.Prometheus) -> None:
    """Of 100 calls 40 took up to 50 ms, 90 up to 100 ms, 96 up to 250 ms: the 95th is 5/6 into (100 ms, 250 ms]."""
    assert five_minutes.vector("finastra:api_latency_seconds:p95_5m") == {(LIST,): pytest.approx(0.1 + 0.15 * 5 / 6)}


def test_quantiles_of_the_board_when_computed_by_hand_then_they_are_the_same(five_minutes: promql.Prometheus) -> None:
    """The 50th of 100 is 10/50 into (50 ms, 100 ms]; the 99th is past the last finite bound, which is what is shown."""
    wanted = {"0.5": 0.05 + 0.05 * 10 / 50, "0.95": 0.1 + 0.15 * 5 / 6, "0.99": 0.25}
    found = {expr[19:].partition(",")[0]: expr for expr in on_board() if "finastra_api_latency" in expr}
    assert {share: five_minutes.vector(expr) for share, expr in found.items()} == {
        share: {(): pytest.approx(value)} for share, value in wanted.items()
    }


def test_alerts_when_a_tenth_fails_and_a_breaker_is_open_then_those_two_fire(five_minutes: promql.Prometheus) -> None:
    fired = {name: five_minutes.vector(alert["expr"]) for name, alert in ALERTS.items()}
    assert fired == {
        "FinastraErrorRateHigh": {(LIST,): pytest.approx(0.09)},
        "FinastraErrorRateCritical": {},
        "FinastraLatencyHigh": {},
        "FinastraBreakerOpen": {("north",): 2.0, ("south",): 1.0},
    }


def test_alerts_when_all_is_refused_and_slow_then_the_others_fire() -> None:
    before = page({(LIST, "circuit_open"): 0, (LIST, "200"): 5}, {"2.5": 0, "5.0": 0, "+Inf": 0}, {"sandbox": 0})
    after = page({(LIST, "circuit_open"): 60, (LIST, "200"): 15}, {"2.5": 1, "5.0": 10, "+Inf": 10}, {"sandbox": 0})
    prometheus = promql.Prometheus(promql.scrape(before), promql.scrape(after))
    for name, expression in RECORDED.items():
        prometheus.record(name, expression)
    fired = {name: prometheus.vector(alert["expr"]) for name, alert in ALERTS.items()}
    assert fired["FinastraErrorRateCritical"] == {(LIST,): pytest.approx(60 / 70)}
    assert fired["FinastraLatencyHigh"] == {(LIST,): pytest.approx(2.5 + 2.5 * 8.5 / 9)}
    assert fired["FinastraBreakerOpen"] == {}


def test_alerts_when_there_are_two_calls_in_five_minutes_then_none_fires() -> None:
    before, after = ({(LIST, "503"): n} for n in (0, 2))
    buckets = {"0.05": 0, "+Inf": 0}
    prometheus = promql.Prometheus(*(promql.scrape(page(calls, buckets, {"a": 0})) for calls in (before, after)))
    for name, expression in RECORDED.items():
        prometheus.record(name, expression)
    assert prometheus.vector("finastra:api_errors:ratio_rate5m") == {(LIST,): 1.0}
    assert all(prometheus.vector(alert["expr"]) == {} for alert in ALERTS.values())
