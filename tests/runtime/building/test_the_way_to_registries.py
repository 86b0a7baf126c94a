"""Which registries there are: what the settings name, or what this machine's own clients are set up with."""

import pytest

from greenlane.runtime.building.registries import NoRegistry, place_of, python_of_machine


@pytest.mark.parametrize(
    "address", ["", "registry.example", "ftp://registry.example", "https://registry.example:99999"]
)
def test_an_address_that_cannot_be_a_registry_is_refused_in_words(address):
    with pytest.raises(NoRegistry) as refusal:
        place_of(address)
    assert "npm_registry" in refusal.value.next_step


def test_the_index_of_python_packages_is_what_pip_is_set_up_with():
    told = "  -i, --index-url <url>       Base URL of the index (default\n      https://packages.example/simple). More."
    assert python_of_machine(lambda _command: told) == "https://packages.example/simple"
    assert python_of_machine(lambda _command: "") == ""
