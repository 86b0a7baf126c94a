"""Values on a person's own machine: what is readable for `dev` comes along, on the record; a secret never does."""

from __future__ import annotations

from tests.secrets.conftest import BOARD, VALUE, Values

from greenlane.secrets.actions import TakeValues


def test_readable_dev_values_come_along_and_secrets_by_name_alone(values: Values) -> None:
    values.put("REGION", "north", readable=True, environment="dev")
    values.put("MODE", "strict", readable=True, environment="dev", use="build")
    values.put("CRM_KEY", VALUE, environment="dev")
    values.put("ONLY_LIVE", "another-long-secret-text", environment="production")
    outcome = values.household.does(values.ben, TakeValues(BOARD))
    assert outcome.answer["run"] == {"REGION": "north"}
    assert outcome.answer["build"] == {"MODE": "strict"}
    assert outcome.answer["secrets"] == ["CRM_KEY", "ONLY_LIVE"]
    assert VALUE not in repr(outcome.answer)


def test_values_of_other_environments_stay_where_they_are(values: Values) -> None:
    for environment in ("preview", "staging", "production"):
        values.put("REGION", environment, readable=True, environment=environment)
    assert values.household.does(values.ben, TakeValues(BOARD)).answer["run"] == {}


def test_what_is_made_from_a_secret_is_as_secret_as_it(values: Values) -> None:
    values.put("PASSWORD", VALUE, environment="dev")
    values.put("DATABASE", "db://app:${PASSWORD}@host", readable=True, environment="dev")
    outcome = values.household.does(values.ben, TakeValues(BOARD))
    assert outcome.answer["run"] == {}
    assert outcome.answer["secrets"] == ["DATABASE", "PASSWORD"]


def test_the_record_says_which_versions_were_read_and_no_text(values: Values) -> None:
    values.put("REGION", "north-by-north-west", readable=True, environment="dev")
    outcome = values.household.does(values.ben, TakeValues(BOARD))
    assert outcome.happened == {"app": BOARD, "values": 1, "withheld": 0}
    assert [edge.kind for edge in outcome.used] == ["variable"]
    assert "north-by-north-west" not in repr((outcome.happened, outcome.used))
