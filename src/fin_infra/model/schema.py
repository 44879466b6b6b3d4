"""Models as types of pydantic, and so of FastAPI: what goes out is `to_dict`, what comes in is checked as strictly.
Floor 0: pydantic asks for these when it meets a model; nothing here imports it before."""

from __future__ import annotations

import re
from typing import Any, get_args

from fin_infra.model.plain import CALL, class_of, plain, visible

NUMBER = r"^-?[0-9]+(\.[0-9]+)?$"
"""How a number is written in JSON text, as JSON schemas say it; exponents are read too."""


def model_schema(model: Any, source: Any, handler: Any) -> Any:
    """Return pydantic's own schema of the dataclass, without the fields that stay inside, and written by `plain`.

    Decimals are not read from floats, nor instants without a zone. `raw` and `meta` are not read at all.
    """
    from pydantic_core import core_schema

    schema = handler(source)
    if schema["type"] != "dataclass":  # a model inside itself, such as the legs of an order: only a reference
        return schema
    out = visible(model)
    for field in schema["schema"]["fields"]:
        field["schema"] = _exact(field["schema"])
        field["serialization_exclude"] = field["name"] not in out
        if field["name"] in CALL:
            field["init"] = False
            field["schema"] = core_schema.with_default_schema(core_schema.any_schema(), default=None)
    schema["serialization"] = core_schema.plain_serializer_function_ser_schema(_answer)
    return schema


def _answer(value: Any) -> Any:
    """Write what goes to the owner of the data: as it is, without what is private."""
    return plain(value, pii=True)


def listing_schema(listing: type[Any], source: Any, handler: Any) -> Any:
    """Return the schema of a plain list of the items; `meta` and `errors` do not go out."""
    from pydantic_core import core_schema

    kinds = [source, *getattr(listing, "__orig_bases__", ())]
    item = next((get_args(kind)[0] for kind in kinds if get_args(kind)), Any)

    def read(value: Any, read_list: Any) -> Any:
        return value if isinstance(value, listing) else listing(read_list(value))

    items = core_schema.list_schema(handler.generate_schema(item))
    return core_schema.no_info_wrap_validator_function(read, items)


def key_schema(cls: type[Any]) -> Any:
    """Return the schema of a key's text, such as `US:AAPL`."""
    from pydantic_core import core_schema

    def read(value: Any, read_text: Any) -> Any:
        return value if isinstance(value, cls) else cls.parse(read_text(value))

    text = core_schema.str_schema(strict=True)
    out = core_schema.plain_serializer_function_ser_schema(str, return_schema=text)
    return core_schema.no_info_wrap_validator_function(read, text, serialization=out)


def described(schema: Any, handler: Any) -> Any:
    """Return the JSON schema of a model as readers of an API need it: what the words are about, and no `raw`."""
    found = handler(schema)
    shown = handler.resolve_ref_schema(found)
    if "description" in shown:
        shown["description"] = re.split(r"\n\n(?:Raises:|>>>)", shown["description"])[0]
    for name in CALL & shown.get("properties", {}).keys():
        del shown["properties"][name]
    return found


def _exact(schema: Any) -> Any:
    """Return a schema that refuses a float for a Decimal and a time without a zone, however deep they stand in it."""
    from pydantic_core import core_schema

    kind = class_of(schema)  # not isinstance: what is in it is for pydantic to know
    if kind is list:
        return [_exact(part) for part in schema]
    if kind is not dict:
        return schema
    if schema.get("type") == "decimal":
        exact = core_schema.no_info_before_validator_function(_no_float, schema)
        if "json_schema_input_schema" in core_schema.BeforeValidatorFunctionSchema.__annotations__:  # pydantic 2.10
            exact["json_schema_input_schema"] = core_schema.str_schema(pattern=NUMBER)
        return exact
    if schema.get("type") == "datetime":
        return {**schema, "tz_constraint": "aware"}
    return {name: _exact(part) for name, part in schema.items()}


def _no_float(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError('a number with decimals is written as text, such as "12.30": a float is not exact')
    return value
