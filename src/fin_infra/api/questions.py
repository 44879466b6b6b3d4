"""A route for each question of the catalog: `GET /ask/quote?symbol=AAPL`.
Floor 7: `add_questions(app, auth=[...])`; parameters, scope and answer are the catalog's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from inspect import Parameter as Argument
from inspect import Signature
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, FastAPI, Query
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from fin_infra.api.answers import Answer, Answers, Auth, Cache, envelope, include
from fin_infra.api.moments import Day, DayOrInstant, zoned
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded
from fin_infra.api.users import Who, nobody
from fin_infra.errors import FeatureDisabled, FinInfraError, InvalidInput
from fin_infra.fanout import unread_rows
from fin_infra.features import for_everybody
from fin_infra.model import Listing, SourceError
from fin_infra.model.money import decimal_from_text
from fin_infra.providers.switches import hangs_on
from fin_infra.questions.asked import Asked
from fin_infra.questions.asking import answer
from fin_infra.questions.catalog import QUESTIONS
from fin_infra.questions.question import Parameter, Question, Scope, Takes

AuthOf: TypeAlias = Auth | Callable[[Question], Auth]
"""What protects the routes: the same for all, or what a function gives for each question."""
_PROBLEMS = problem_responses(401, 403, 404, 409, 410, 422, 429, 502, 503, 504)


def add_questions(
    app: FastAPI,
    *,
    auth: AuthOf,
    asked: Asked | None = None,
    cache: Cache | None = None,
    leave_out: Collection[str] = (),
    caller: Who = nobody,
) -> None:
    """Add `/ask/{question}` for every question of the catalog.

    Args:
        auth: dependencies that protect the routes, or a function that gives those of a question, whose `scope` says
            whose data it is about and whose `permission` what a token must be allowed; `PUBLIC` says you mean none.
        asked: who is asked, in the mode `async`; the configured providers where None.
        cache: where answers to public questions may be kept, as long as `ttl_s` says.
        leave_out: questions that nobody here can answer.
        caller: a dependency that gives who asks, where the switches of tenants and users differ.

    A question has no route where every provider that could answer it is switched off.
    """
    router = APIRouter(prefix="/ask", tags=["questions"], responses=_PROBLEMS)
    asked = asked or Asked(mode="async", book=_no_book)
    for question in (each for each in QUESTIONS if each.name not in leave_out):
        needed = _needed(question, asked)
        if needed is not None:
            protection = guarded(auth(question) if callable(auth) else auth, caller, *needed)
            route = router.get(f"/{question.name}", response_model=_shape(question), dependencies=protection)
            route(_endpoint(question, asked, Answers(cache)))
    include(app, router)


def _no_book() -> None:
    """Whose book it is, an app has to say: the one of this machine's user is nobody else's."""


def _needed(question: Question, asked: Asked) -> list[str] | None:
    """Return the switches of which one has to be on for a question; None where the environment says that none is."""
    if not question.domains:
        return []
    try:
        with for_everybody():
            return [key for provider in asked.who(question) for key in hangs_on(provider)]
    except FeatureDisabled as exc:
        return list(question.domains) if exc.switch is None else None
    except FinInfraError:  # it is not set up, which whoever asks is told
        return list(question.domains)


def _shape(question: Question) -> Any:
    many: Any = list
    return envelope(many[question.model()] if question.many else question.model())


def _endpoint(question: Question, asked: Asked, answers: Answers) -> Any:
    async def endpoint(**given: Any) -> Response:
        values = {name: _aware(name, value) for name, value in given.items() if value is not None}
        if question.scope is not Scope.PUBLIC:
            return await answers.private(_answer(question, values, asked))
        who = [provider.source for provider in asked.who(question)]
        key = ("ask", question.name, *who, *(f"{name}={value}" for name, value in sorted(values.items())))
        return await answers.cached(key, question.ttl_s, lambda: _answer(question, values, asked))

    endpoint.__name__ = f"ask_{question.name.replace('-', '_')}"
    endpoint.__doc__ = question.help
    endpoint.__signature__ = Signature([_argument(each) for each in question.parameters])  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]  # what FastAPI reads
    return endpoint


async def _answer(question: Question, values: dict[str, Any], asked: Asked) -> Answer:
    result = await answer(question, values, asked)
    return Answer(result, getattr(result, "meta", None), _errors(question, result), asked.who(question))


def _errors(question: Question, result: Any) -> Sequence[SourceError]:
    errors: Sequence[Any] = getattr(result, "errors", ())
    if isinstance(result, Listing):
        source = result.meta.provider if result.meta else question.domain
        return unread_rows(source, question.name, errors)
    return [error for error in errors if isinstance(error, SourceError)]


def _aware(name: str, value: Any) -> Any:
    return zoned(name, value) if isinstance(value, (date, datetime)) else value


def _argument(parameter: Parameter) -> Argument:
    described: dict[str, Any] = {"description": f"{parameter.help}."}
    if parameter.takes is Takes.COUNT:
        described |= {"ge": parameter.minimum, "le": parameter.maximum}
    if parameter.takes is Takes.TEXT:
        described |= {"min_length": 1, "max_length": parameter.longest}
    if parameter.takes is Takes.TEXTS:
        described |= {"max_length": 50}
    default = Argument.empty if parameter.required else None if parameter.default == () else parameter.default
    kind: Any = Annotated[_type(parameter), Query(**described)]
    return Argument(parameter.name, Argument.KEYWORD_ONLY, default=default, annotation=kind)


def _type(parameter: Parameter) -> Any:
    optional = not parameter.required and parameter.default in (None, ())
    match parameter.takes:
        case Takes.DAY:
            return Day
        case Takes.MOMENT:
            return DayOrInstant
        case Takes.NUMBER:
            return _Number
        case Takes.TEXTS:
            return list[str] | None
        case Takes.WORD if not isinstance(parameter.words, str):
            return Literal[parameter.words]
        case _:
            return parameter.type | None if optional else parameter.type


def _as_number(given: object) -> object:
    try:
        return decimal_from_text(str(given))
    except InvalidInput:
        raise PydanticCustomError("number_form", "Write a number like 12.50.") from None


_Number = Annotated[Decimal, BeforeValidator(_as_number)]
