"""The facts of docs/docker.md are those of the Dockerfile and the compose file, which no test here can build."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import typer
import yaml

from fin_infra.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "docker.md").read_text("utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
IMAGE = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.test.yml").read_text("utf-8"))["services"]
COMMANDS = [
    shlex.split(command.replace("\\\n", " "))
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.S)
    for command in block.removeprefix("$ ").split("\n$ ")
]


def test_table_when_compared_with_the_image_then_port_volume_user_folder_and_check_are_its() -> None:
    for found, told in (
        (re.search(r"EXPOSE (\d+)", IMAGE), "port {}"),
        (re.search(r"VOLUME (\S+)", IMAGE), "volume `{}`"),
        (re.search(r"--uid (\d+)", IMAGE), "user {}"),
        (re.search(r"WORKDIR (\S+)", IMAGE), "workdir `{}`"),
        (re.search(r"127\.0\.0\.1:8050(/\w+)", IMAGE), "`GET {}`"),
        (re.search(r"^FROM (\S+)", IMAGE.strip()), "starts from `{}`"),
        (re.search(r"constraints\.txt '(\.\[service\])'", DOCKERFILE), "pip install '{}'"),
        (re.search(r"^USER (\S+)", IMAGE, re.M), "user `{}`"),
    ):
        assert found
        assert told.format(found[1]) in PAGE


def test_command_when_compared_with_the_image_then_the_options_named_are_in_it() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| the command |"))
    command = IMAGE[IMAGE.index("\nCMD ") :].replace('", "', " ").replace('", \\\n    "', " ")
    for words in re.findall(r"`([^`]+)`", row):
        assert words in command


def test_docker_run_when_it_sets_variables_then_the_settings_page_has_them() -> None:
    settings = (ROOT / "docs" / "settings.md").read_text("utf-8")
    named = [word.partition("=")[0] for words in COMMANDS for flag, word in pairwise(words) if flag == "-e"]
    assert len(named) > 4
    for name in named:
        assert f"`{name}`" in settings, name


def test_docker_run_when_it_starts_the_sandbox_then_with_options_of_the_command_and_as_compose_does() -> None:
    words = next(words for words in COMMANDS if "serve" in words)
    arguments = words[words.index("serve") + 1 :]
    group = typer.main.get_command(app)
    serve = group.commands["sandbox"].commands["serve"]  # type: ignore[attr-defined]  # typer's groups are click's
    assert serve.make_context("serve", list(arguments)).params["allow_remote"] is True
    assert set(COMPOSE["sandbox"]["command"]) >= {word for word in arguments if word.startswith("--")}


def test_containers_when_hardened_then_as_in_the_compose_file() -> None:
    service = COMPOSE["service"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    live = next(words for words in COMMANDS if "--env-file" in words)
    assert {"--read-only", "--cap-drop", *service["security_opt"]} <= set(live)
    assert {"up", "run", "down"} <= {word for words in COMMANDS if "compose" in words for word in words}
    assert "tester" in COMPOSE
