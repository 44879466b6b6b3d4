"""Read and evaluate the few words of PromQL that the files under ops/ use; an expression with another one is an error.

The grammar is that of the package promql-parser. The evaluation follows Prometheus' documentation, with two samples for
each series, the window apart: `rate` is their difference divided by the window.
"""

from __future__ import annotations

import math
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import promql_parser as promql
from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
AGGREGATES: dict[str, Callable[[list[float]], float]] = {"sum": math.fsum, "max": max}
MATHS: dict[str, Callable[[float, float], float]] = {"/": operator.truediv, "*": operator.mul}
FILTERS: dict[str, Callable[[float, float], bool]] = {">": operator.gt, ">=": operator.ge, "==": operator.eq}


def scrape(text: str) -> dict[str, Vector]:
    """Return the samples of a page of metrics, by name of the series."""
    found: dict[str, Vector] = defaultdict(dict)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name][frozenset(sample.labels.items())] = sample.value
    return dict(found)


def nodes(expression: str) -> list[promql.Expr]:
    """Return every node of an expression."""
    found: list[promql.Expr] = []
    promql.walk(promql.parse(expression), lambda node: found.append(node) or True)
    return found


def uses(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Yield each series that an expression reads, with the labels it relies on there: matched or grouped by."""
    yield from _uses(promql.parse(expression), set())


def _uses(node: promql.Expr, grouped: set[str]) -> Iterator[tuple[str, set[str]]]:
    match node:
        case promql.VectorSelector():
            yield node.name or "", {matcher.name for matcher in node.matchers.matchers} | grouped
        case promql.MatrixSelector():
            yield from _uses(node.vector_selector, grouped)
        case promql.AggregateExpr():
            yield from _uses(node.expr, _by(node))
        case promql.Call():
            for argument in node.args:
                yield from _uses(argument, grouped)
        case promql.ParenExpr():
            yield from _uses(node.expr, grouped)
        case promql.BinaryExpr():
            yield from _uses(node.lhs, grouped)
            yield from _uses(node.rhs, grouped)
        case promql.NumberLiteral():
            return
        case _:
            raise NotImplementedError(type(node).__name__)


def _by(node: promql.AggregateExpr) -> set[str]:
    if node.modifier is None:
        return set()
    assert node.modifier.type == promql.AggModifierType.By
    return set(node.modifier.labels)


@dataclass(frozen=True)
class Prometheus:
    """What Prometheus would hold: every series a window ago, and now."""

    before: dict[str, Vector]
    now: dict[str, Vector]

    def vector(self, expression: str) -> dict[tuple[str, ...], float]:
        """Return what an expression gives, each value by the label values in the order of their names."""
        found = self._value(promql.parse(expression))
        assert isinstance(found, dict)
        return {tuple(value for _, value in sorted(labels)): number for labels, number in found.items()}

    def record(self, name: str, expression: str) -> None:
        """Evaluate a recording rule and keep its series."""
        found = self._value(promql.parse(expression))
        assert isinstance(found, dict)
        self.now[name] = found

    def _value(self, node: promql.Expr) -> Vector | float:
        match node:
            case promql.NumberLiteral():
                return node.val
            case promql.ParenExpr():
                return self._value(node.expr)
            case promql.VectorSelector():
                return _selected(self.now, node)
            case promql.Call() if node.func.name == "rate":
                return self._rate(node.args[0])
            case promql.Call() if node.func.name == "histogram_quantile":
                return _quantile(self._value(node.args[0]), self._value(node.args[1]))
            case promql.AggregateExpr():
                return _aggregate(AGGREGATES[str(node.op)], self._value(node.expr), _by(node))
            case promql.BinaryExpr():
                assert node.modifier is None or node.modifier.matching is None
                return _binary(str(node.op), self._value(node.lhs), self._value(node.rhs))
        raise NotImplementedError(type(node).__name__)

    def _rate(self, node: promql.MatrixSelector) -> Vector:
        window_s = node.range.total_seconds()
        before, now = (_selected(samples, node.vector_selector) for samples in (self.before, self.now))
        return {labels: (now[labels] - before[labels]) / window_s for labels in now.keys() & before.keys()}


def _selected(samples: dict[str, Vector], node: promql.VectorSelector) -> Vector:
    return {
        labels: value
        for labels, value in samples.get(node.name or "", {}).items()
        if all(_matches(matcher, dict(labels).get(matcher.name, "")) for matcher in node.matchers.matchers)
    }


def _matches(matcher: promql.Matcher, value: str) -> bool:
    if matcher.op in (promql.MatchOp.Re, promql.MatchOp.NotRe):
        return bool(re.fullmatch(matcher.value, value)) == (matcher.op == promql.MatchOp.Re)
    return (value == matcher.value) == (matcher.op == promql.MatchOp.Equal)


def _aggregate(how: Callable[[list[float]], float], vector: Vector | float, by: set[str]) -> Vector:
    assert isinstance(vector, dict)
    groups: dict[Labels, list[float]] = defaultdict(list)
    for labels, value in vector.items():
        groups[frozenset((name, text) for name, text in labels if name in by)].append(value)
    return {labels: how(values) for labels, values in groups.items()}


def _binary(word: str, left: Vector | float, right: Vector | float) -> Vector:
    """Join on all labels, as PromQL does without `on` and `ignoring`; a number goes with every series."""
    assert isinstance(left, dict)
    if word == "or":
        assert isinstance(right, dict)
        return right | left
    if word == "and":
        assert isinstance(right, dict)
        return {labels: value for labels, value in left.items() if labels in right}
    pairs = {k: (v, right[k] if isinstance(right, dict) else right) for k, v in left.items() if _has(right, k)}
    if word in FILTERS:
        return {labels: pair[0] for labels, pair in pairs.items() if FILTERS[word](*pair)}
    return {labels: MATHS[word](*pair) if word != "/" or pair[1] else math.nan for labels, pair in pairs.items()}


def _has(right: Vector | float, labels: Labels) -> bool:
    return not isinstance(right, dict) or labels in right


def _quantile(share: Vector | float, buckets: Vector | float) -> Vector:
    """Interpolate within the bucket that holds the rank, as Prometheus documents for classic histograms."""
    assert isinstance(share, float)
    assert isinstance(buckets, dict)
    groups: dict[Labels, list[tuple[float, float]]] = defaultdict(list)
    for labels, count in buckets.items():
        told = dict(labels)
        groups[labels - {("le", told["le"])}].append((float(told["le"]), count))
    return {labels: _rank(share, sorted(group)) for labels, group in groups.items()}


def _rank(share: float, buckets: list[tuple[float, float]]) -> float:
    if not buckets[-1][1]:
        return math.nan  # nothing was observed
    rank = share * buckets[-1][1]
    below, start = 0.0, 0.0
    for bound, count in buckets:
        if count >= rank:
            inside = count - below
            return start if math.isinf(bound) else start + (bound - start) * (rank - below) / inside
        below, start = count, bound
    return math.nan
