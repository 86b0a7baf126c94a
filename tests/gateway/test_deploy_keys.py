"""Keys of deploys, and the variables in which programs find them."""

from __future__ import annotations

import re

import anthropic
import openai
import pytest
from google import genai

from greenlane.gateway.deploy_keys import FAMILIES, deploy_key, variables

SECRET = b"s" * 32
HERE = "http://127.0.0.1:3128"


def test_a_key_is_the_same_for_the_same_deploy_and_of_no_use_for_another() -> None:
    key = deploy_key(SECRET, "board", "production", "d1")
    assert key == deploy_key(SECRET, "board", "production", "d1")
    assert re.fullmatch(r"gla_[A-Za-z0-9_-]{43}", key)
    others = [("board", "staging", "d1"), ("board", "production", "d2"), ("desk", "production", "d1")]
    assert (
        len({key, *(deploy_key(SECRET, *one) for one in others), deploy_key(b"t" * 32, "board", "production", "d1")})
        == 5
    )


def test_the_official_libraries_find_key_and_address_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables("gla_x", HERE, {}).items():
        monkeypatch.setenv(name, value)
    with openai.OpenAI() as of_openai, anthropic.Anthropic() as of_anthropic:
        assert (of_openai.api_key, str(of_openai.base_url)) == ("gla_x", f"{HERE}/ai/openai/v1/")
        assert (of_anthropic.api_key, str(of_anthropic.base_url)) == ("gla_x", f"{HERE}/ai/anthropic/")
    google = genai.Client()
    assert google._api_client.api_key == "gla_x"
    assert google._api_client._http_options.base_url.startswith(f"{HERE}/ai/gemini")
    google.close()


@pytest.mark.parametrize(
    ("own", "without"),
    [
        ("OPENAI_API_KEY", "openai"),
        ("OPENAI_BASE_URL", "openai"),
        ("ANTHROPIC_AUTH_TOKEN", "anthropic"),
        ("GOOGLE_API_KEY", "gemini"),
    ],
)
def test_whoever_calls_a_provider_by_itself_is_given_nothing_for_it(own: str, without: str) -> None:
    given = variables("gla_x", HERE, {own: "its own"})
    left = [name for family, names in FAMILIES.items() if family != without for name in names[:2]]
    assert sorted(given) == sorted(left)
