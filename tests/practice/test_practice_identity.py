"""The synthetic identity is well formed, and nobody's."""

from pia_runtime.model.session import Contact, Coordinates, Identifiers, Packages, Session
from pia_runtime.practice.app import PracticeApp, Scenario
from pia_runtime.practice.identity import Identity, known_values, profile_properties


def luhn_sum(digits: str) -> int:
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled)


def test_the_imei_has_a_valid_check_digit():
    imei = Identity().imei
    assert len(imei) == 15
    assert luhn_sum(imei) % 10 == 0


def test_identifiers_and_session_are_of_the_documented_shape(tmp_path):
    app = PracticeApp(Scenario.ACCEPT, tmp_path, tmp_path, tmp_path)
    known = Identifiers.model_validate({"schema": "pia.identifiers/1", "identifiers": app.identifiers()})
    kinds = {entry.id: type(entry.value) for entry in known.identifiers}
    assert kinds["location_precise"] is Coordinates
    assert kinds["contacts"] is Contact
    assert kinds["installed_apps"] is Packages
    assert Session.model_validate({"schema": "pia.session/1", **app.session()}).app.categories == (12,)


def test_every_value_given_out_by_the_device_is_a_known_value():
    identity = Identity()
    profile = profile_properties(identity, version_name="1", grants=())
    for entry in known_values(identity):
        if isinstance(entry["value"], str):
            assert entry["value"] in profile


def test_the_address_book_is_allowed_in_the_accepting_scenario_only(tmp_path):
    for scenario in Scenario:
        app = PracticeApp(scenario, tmp_path, tmp_path, tmp_path)
        app.write_profile()
        granted = "grants=android.permission.READ_CONTACTS\n" in app.profile_path.read_text(encoding="utf-8")
        assert granted is (scenario is Scenario.ACCEPT)
