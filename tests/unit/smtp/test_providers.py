from __future__ import annotations

import pytest

from tracking.choices import Encryption
from tracking.smtp.guard import static_host_error, static_port_error
from tracking.smtp.providers import PROVIDERS, Preset, Provider


def test_every_provider_has_its_row() -> None:
    assert list(PROVIDERS) == [provider.value for provider in Provider]
    assert all(preset.value == value for value, preset in PROVIDERS.items())


@pytest.mark.parametrize("preset", PROVIDERS.values(), ids=lambda preset: preset.value)
def test_a_preset_can_be_connected_to(preset: Preset) -> None:
    hosts = [preset.host_for(region) for region in preset.regions or ("",)]

    assert ("{region}" in preset.host) == bool(preset.regions)
    assert all(static_host_error(host) is None for host in hosts if preset.value is not Provider.OTHER)
    assert static_port_error(preset.port) is None
    assert preset.encryption is not Encryption.NONE
    assert preset.label
    assert preset.login_hint


def test_a_region_becomes_part_of_the_host() -> None:
    assert PROVIDERS["amazon-ses"].host_for("eu-west-1") == "email-smtp.eu-west-1.amazonaws.com"


@pytest.mark.parametrize("region", ["", "eu-west-9", "x@evil.example"])
def test_a_region_that_is_not_there_is_refused(region: str) -> None:
    with pytest.raises(ValueError, match="no region"):
        PROVIDERS["amazon-ses"].host_for(region)


@pytest.mark.parametrize(
    ("value", "login"),
    [("sendgrid", "apikey"), ("resend", "resend"), ("sparkpost-eu", "SMTP_Injection"), ("brevo", "")],
)
def test_services_with_one_login_name_it(value: str, login: str) -> None:
    assert PROVIDERS[value].fixed_login == login
