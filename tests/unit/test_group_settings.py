"""Groups of the queue in invokeai.yaml: what may stand there, and how a mistake is told."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from invoke_apps.config import handed_over, load_settings, taken_over
from invoke_core.domain.fairness import GroupRule
from tests.unit.test_config import refusal, write


def text(groups: Any) -> str:
    return yaml.safe_dump({"queue_groups": groups})


def test_groups_have_a_name_a_weight_and_members(tmp_path: Path) -> None:
    groups = [
        {"name": "studio", "weight": 2, "members": ["Ana@Example.com", "ben@example.com"]},
        {"name": "interns", "members": "kim@example.com"},
        {"name": "nobody"},
    ]
    settings = load_settings(write(tmp_path, text(groups)), environ={})

    assert settings.groups == (
        GroupRule(
            name="studio", weight=2.0, members=frozenset({"ana@example.com", "ben@example.com"})
        ),
        GroupRule(name="interns", members=frozenset({"kim@example.com"})),
        GroupRule(name="nobody"),
    )
    assert taken_over(handed_over(settings)) == settings
    assert load_settings(tmp_path / "none", environ={}).groups == ()


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ({"name": "a"}, "it is a list of groups, each with `name` and `members`"),
        (["a"], "group 1 has no `key: value` lines"),
        ([{"members": ["a@b.example"]}], "group 1 lacks `name`"),
        ([{"name": "a", "people": []}], "group 1 has no setting `people`"),
        ([{"name": "a"}, {"name": "b", "weight": 0}], "`weight` of group 2"),
        ([{"name": "a", "weight": float("nan")}], "`weight` of group 1"),
        ([{"name": "a", "weight": "much"}], "`weight` of group 1"),
        ([{"name": ""}], "`name` of group 1"),
        ([{"name": "a"}, {"name": "a"}], "two groups have the name 'a'"),
        (
            [{"name": "a", "members": ["x@b.example"]}, {"name": "b", "members": ["X@B.example"]}],
            "x@b.example is in two groups",
        ),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, groups: Any, told: str) -> None:
    assert told in refusal(tmp_path, text(groups))
