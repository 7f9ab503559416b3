"""What may stand in invokeai.yaml, INVOKEAI_* and on the command line."""

import warnings
from pathlib import Path

import pytest

from invoke_apps.config import ConfigurationError, ConfigurationWarning, find_root, load_settings
from invoke_apps.settings import LATER
from invoke_core.domain.fairness import QueueMode

GUIDES_COMPLETE_EXAMPLE = """
auth_enabled: true
jwt_secret_key: "a-key-of-our-own-that-is-long-enough-for-hs256"
jwt_token_expiry_hours: 24
jwt_remember_me_days: 7
use_memory_db: false
db_path: databases/invokeai.db
host: "0.0.0.0"
port: 9090
models_dir: models/
outputs_dir: outputs/
ram: 16
vram: 8
allow_model_caching: true
scan_models_on_startup: true
"""


def write(root: Path, text: str) -> Path:
    (root / "invokeai.yaml").write_text(text)
    return root


def refusal(root: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(write(root, text), environ={})
    return str(caught.value)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, environ={})

    assert not settings.multiuser
    assert (settings.host, settings.port) == ("127.0.0.1", 9090)
    assert settings.queue_mode is QueueMode.FIFO
    assert settings.database_url == f"sqlite:///{tmp_path}/databases/invokeai.db"


def test_the_guides_complete_example_is_accepted_with_one_warning(tmp_path: Path) -> None:
    with pytest.warns(ConfigurationWarning) as caught:
        settings = load_settings(write(tmp_path, GUIDES_COMPLETE_EXAMPLE), environ={})

    assert settings.multiuser
    assert settings.host == "0.0.0.0"
    (warning,) = caught
    assert "`scan_models_on_startup`" in str(warning.message)
    memory = settings.model_memory
    assert (memory.ram, memory.vram, memory.caching) == (16 * 10**9, 8 * 10**9, True)


def test_the_environment_stands_above_the_file_and_options_above_both(tmp_path: Path) -> None:
    write(tmp_path, "port: 1000\nhost: one\nlog_level: warning\n")
    environ = {"INVOKEAI_PORT": "2000", "INVOKEAI_HOST": "two"}

    settings = load_settings(tmp_path, environ=environ, options={"port": 3000, "host": None})

    assert (settings.port, settings.host, settings.log_level) == (3000, "two", "warning")


def test_environment_values_are_read_as_yaml(tmp_path: Path) -> None:
    environ = {
        "INVOKEAI_DEVICES": "[cuda:0, cuda:1]",
        "INVOKEAI_MAX_QUEUE_SIZE": "null",
        "INVOKEAI_MULTIUSER": "true",
        "INVOKEAI_LOG_LEVEL": "DEBUG",
    }

    settings = load_settings(tmp_path, environ=environ)

    assert settings.devices == ("cuda:0", "cuda:1")
    assert settings.max_queue_size is None
    assert settings.multiuser
    assert settings.log_level == "debug"


def test_one_text_stands_for_a_list_of_one(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, "devices: cpu"), environ={}).devices == ("cpu",)


def test_an_unknown_key_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    assert "Did you mean `multiuser`?" in refusal(tmp_path, "multi_user: true")


def test_an_unknown_variable_is_a_warning(tmp_path: Path) -> None:
    with pytest.warns(ConfigurationWarning, match="Did you mean `port`"):
        load_settings(tmp_path, environ={"INVOKEAI_PORTT": "1"})


@pytest.mark.parametrize("key", sorted(LATER))
def test_a_setting_whose_feature_comes_later_is_refused(tmp_path: Path, key: str) -> None:
    assert f"`{key}` cannot be set yet" in refusal(tmp_path, f"{key}: 1")


def test_two_names_of_one_switch_may_agree_but_not_differ(tmp_path: Path) -> None:
    agreeing = load_settings(write(tmp_path, "multiuser: true\nauth_enabled: true"), environ={})
    assert agreeing.multiuser

    assert "two names of one" in refusal(tmp_path, "multiuser: true\nauth_enabled: false")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("port: ninety", ["`port`", "'ninety'", "whole number"]),
        ("port: 70000", ["`port`", "70000"]),
        ("port: true", ["`port`", "whole number"]),
        ("multiuser: 1", ["`multiuser`", "true or false"]),
        ("host: 5", ["`host`", "text"]),
        ("session_queue_mode: fair", ["`session_queue_mode`", "'fair'"]),
        ("devices: {a: 1}", ["`devices`", "list of texts"]),
        ("log_level: loud", ["`log_level`", "loud"]),
        ("base_url: invoke.example.com", ["`base_url`"]),
        ("jwt_secret_key: 12345", ["`jwt_secret_key`", "right kind"]),
        ("- a list", ["key: value"]),
        ("a: b: c", ["line 1", "YAML"]),
        ("multiuser: [", ["YAML"]),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_key(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    message = refusal(tmp_path, text)

    assert "\n" not in message
    for word in words:
        assert word in message


def test_a_secret_is_never_repeated(tmp_path: Path) -> None:
    assert "12345" not in refusal(tmp_path, "jwt_secret_key: 12345")
    settings = load_settings(write(tmp_path, f"jwt_secret_key: {'s' * 40}"), environ={})
    assert "ssss" not in repr(settings)


def test_a_named_settings_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no settings file"):
        load_settings(tmp_path, environ={}, file=tmp_path / "other.yaml")


def test_the_root_is_the_named_one_then_the_environments_then_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.prefix", str(tmp_path / "project" / ".venv"))
    environ = {"INVOKEAI_ROOT": str(tmp_path / "environment")}

    assert find_root(tmp_path / "named", environ) == tmp_path / "named"
    assert find_root(None, environ) == tmp_path / "environment"
    assert find_root(None, {}) == tmp_path / "home" / "invokeai"

    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "invokeai.yaml").touch()
    assert find_root(None, {}) == tmp_path / "project"


def test_plain_settings_give_no_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_settings(
            write(tmp_path, "multiuser: true"), environ={"HOME": "/", "INVOKEAI_ROOT": "x"}
        )
