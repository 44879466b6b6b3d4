"""Profiles are named once for pytest and once for CI, and both say the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from .conftest import PROFILES

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).resolve().parents[2]


def test_profiles_when_ci_runs_them_then_its_matrix_and_the_documentation_have_every_one():
    workflow = ROOT / ".github" / "workflows" / "acceptance.yml"
    if not workflow.is_file():
        pytest.skip("not in a checkout")
    jobs = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]
    assert tuple(jobs["processes"]["strategy"]["matrix"]["profile"]) == PROFILES
    page = (ROOT / "docs" / "acceptance.md").read_text("utf-8")
    assert all(f"`{name}`" in page for name in PROFILES)


@pytest.mark.parametrize("profile", PROFILES)
def test_profile_when_it_is_listed_then_a_file_of_its_name_has_its_tests(profile):
    domain, vendor = profile.split("=")
    text = (Path(__file__).parent / f"test_{domain}_{vendor}.py").read_text("utf-8")
    assert f'pytest.mark.profile("{profile}")' in text
