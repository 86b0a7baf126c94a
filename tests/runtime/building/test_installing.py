"""What package managers are told: pure words, nothing is installed."""

from __future__ import annotations

from datetime import UTC, datetime

from greenlane.runtime.building import installing
from greenlane.runtime.building.locks import NPM, UV, YARN, Lock


def test_releases_that_are_too_young_are_left_out_in_the_words_of_each_manager():
    days, now = 7, datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert installing.no_younger_than(0, now) == {}
    assert installing.no_younger_than(days, now) == {
        "npm_config_before": "2026-11-15T00:00:00Z",
        "npm_config_minimum_release_age": "10080",
        "YARN_NPM_MINIMAL_AGE_GATE": "10080",
        "UV_EXCLUDE_NEWER": "2026-11-15T00:00:00Z",
    }
    assert installing.about_young_releases(Lock(NPM), days) == "releases younger than 7 days are not taken"
    assert "yarn 1 does not know" in installing.about_young_releases(Lock(YARN), days)
    assert "not taken" in installing.about_young_releases(Lock(YARN), days, berry=True)
    assert installing.about_young_releases(Lock(YARN), 0) == ""


def test_a_lock_that_names_its_authors_registry_is_installed_from_ours():
    text = (
        'vue@^3:\n  resolved "https://registry.yarnpkg.com/vue/-/vue-3.5.45.tgz#ab"\n'
        'b@1:\n  resolved "https://elsewhere.example/b.tgz"\n'
    )
    assert installing.at_registry(text, "https://packages.internal/npm") == (
        'vue@^3:\n  resolved "https://packages.internal/npm/vue/-/vue-3.5.45.tgz#ab"\n'
        'b@1:\n  resolved "https://elsewhere.example/b.tgz"\n'
    )


def test_a_lock_of_another_python_gives_the_releases_that_it_names_as_far_as_they_fit():
    ways = installing.python("uv", Lock(UV, "uv.lock", False), "/p", "/t", "python3", wheels_alone=True)
    (export, pinned), (free,) = ways
    assert "--no-hashes" in export, "those of the files for another Python would not fit"
    assert pinned[-4:] == ("-r", "/p/pyproject.toml", "-c", "/t.txt")
    assert free[-2:] == ("-r", "/p/pyproject.toml")
    ((_, exact),) = installing.python("uv", Lock(UV, "uv.lock", True), "/p", "/t", "python3", wheels_alone=True)
    assert exact[-2:] == ("-r", "/t.txt")
