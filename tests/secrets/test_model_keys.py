"""Keys for models among an app's own values: known by name or by sight, and a fact for risk."""

from __future__ import annotations

import pytest
from tests.secrets.conftest import Values

from greenlane.deploys.actions import Publish
from greenlane.secrets.actions import PutVariable, RotateVariable
from greenlane.secrets.facts import model_key_facts, own_model_key_facts
from greenlane.secrets.model_keys import maker


@pytest.mark.parametrize(
    ("name", "value", "whose"),
    [
        ("OPENAI_API_KEY", "anything", "OpenAI"),
        ("AZURE_OPENAI_API_KEY", "0123456789abcdef", "Azure OpenAI"),
        ("ANTHROPIC_AUTH_TOKEN", "", "Anthropic"),
        ("GEMINI_API_KEY", "AIzaSyExample", "Google Gemini"),
        ("LLM", "sk-ant-api03-abc", "Anthropic"),
        ("LLM", "sk-or-v1-abc", "OpenRouter"),
        ("LLM", "sk-proj-abc", "OpenAI"),
        ("LLM", "sk-abcdefghij0123456789T3BlbkFJabcdefghij", "OpenAI"),
        ("OPENAI_API_KEY", "sk-ant-api03-abc", "Anthropic"),
        ("OPENAI_API_KEY", "gla_of-the-platform", ""),
        ("ANTHROPIC_API_KEY", "glk_of-the-platform", ""),
        ("MAPS_KEY", "AIzaSyExample", ""),
        ("STRIPE_KEY", "sk_live_abc", ""),
        ("MY_OPENAI_API_KEY_HINT", "x", ""),
    ],
)
def test_whose_models_a_value_opens(name: str, value: str, whose: str) -> None:
    assert maker(name, value) == whose


def test_putting_in_such_a_key_is_a_fact(values: Values) -> None:
    with values.household.database.read() as connection:
        for verb in (PutVariable, RotateVariable):
            for value, found in (("sk-ant-api03-x", ("Anthropic",)), ("plain", ())):
                action = verb("LLM", value, app="vendor-board")
                assert model_key_facts(connection, values.ben, action) == {"model_keys": found}


def test_publishing_knows_the_keys_that_the_app_has_where_it_goes(values: Values) -> None:
    values.put("OPENAI_API_KEY", "sk-proj-of-the-team", environment="production")
    values.put("GEMINI_API_KEY", "AIza", environment="staging")
    values.put("MISTRAL_API_KEY", "x", environment="production", use="build")
    with values.household.database.read() as connection:
        for environment, found in (("production", ("OpenAI",)), ("staging", ("Google Gemini",))):
            facts = own_model_key_facts(connection, values.ben, Publish("vendor-board", environment=environment))
            assert facts == {"model_keys": found}
        assert own_model_key_facts(connection, values.ben, Publish("unknown")) == {}
