"""Suspicions about messages without consent, and about two triggers that say the same."""

import pytest

UNASKED = """
actions:
  - channel: crm
    template: t
  - channel: {channel}
    template: t
"""


@pytest.mark.parametrize(("channel", "codes"), [("email", ["no-consent"]), ("sms", ["no-consent"]), ("support", [])])
def test_a_message_to_a_customer_should_ask_for_consent(folder, channel, codes):
    found = folder.warnings("steps: [{event: a}]", UNASKED.replace("{channel}", channel))
    assert found == [(code, 8) for code in codes]


def test_what_a_timed_out_match_sends_should_ask_too(folder):
    match = """
        steps: [{event: a}, {event: b, within: 1h}]
        on_expire:
          actions:
            - channel: push
              template: t
        """
    assert folder.warnings(match, "actions: [{channel: crm, template: t}]") == [("no-consent", 7)]


CART = "steps: [{event: [a, b], as: cart, where: {properties.x: {gt: 1}, properties.y: {in: [1, 2]}}}, {wait: 1h}]"


@pytest.mark.parametrize(
    "other",
    [
        CART,
        CART.replace("[a, b]", "[b, a]"),
        CART.replace("as: cart, ", ""),
        CART.replace("as: cart", "as: other"),
        CART.replace(
            "properties.x: {gt: 1}, properties.y: {in: [1, 2]}", "properties.y: {in: [2, 1]}, properties.x: {gt: 1}"
        ),
        CART.replace("1h", "60m"),
        "on_repeat: restart\nkey: customer_id\nfires: always\nafter_match: skip_past_last\n" + CART,
    ],
)
def test_two_triggers_of_one_situation_always_fire_together(folder, other):
    folder.add(CART, name="first")
    folder.add(other, name="second")
    (warned,) = folder.checked().warnings
    assert (warned.code, warned.file, warned.line) == ("same-match", str(folder.triggers / "second.yaml"), 3)
    assert f"first ({folder.triggers / 'first.yaml'})" in warned.message


@pytest.mark.parametrize(
    "other",
    [
        CART.replace("1h", "2h"),
        CART.replace("gt: 1", "gte: 1"),
        CART.replace("[a, b]", "[a, c]"),
        "on_repeat: ignore\n" + CART,
        "per: session_id\n" + CART,
        "fires: {once_per: 1d}\n" + CART,
        "after_match: keep\n" + CART,
        CART + "\nexit: [{event: z}]",
    ],
)
def test_two_triggers_of_different_situations_are_fine(folder, other):
    folder.add(CART, name="first")
    folder.add(other, name="second")
    assert folder.checked().warnings == ()


def test_one_event_alone_is_the_same_whatever_is_said_of_open_matches(folder):
    folder.add("steps: [{event: a}]", name="first")
    folder.add("on_repeat: overlap\nsteps: [{event: a}]", name="second")
    assert [warned.code for warned in folder.checked().warnings] == ["same-match"]


def test_names_are_compared_by_what_they_name(folder):
    last = "{event: b, within: 1h, where: {properties.x: {eq: $ONE.type}}}"
    steps = f"steps: [{{event: a, as: ONE}}, {{event: a, as: TWO, within: 1h}}, {last}]"
    folder.add(steps, name="first")
    folder.add(steps.replace("as: ONE", "as: x").replace("as: TWO", "as: ONE"), name="second")
    folder.add(steps.replace("ONE", "left").replace("TWO", "right"), name="third")
    (warned,) = [each for each in folder.checked().warnings if each.code == "same-match"]
    assert warned.file.endswith("third.yaml")


def test_other_customers_are_another_situation(folder):
    rest = """
        policy:
          consent: marketing
          where: {$customer.country: {eq: NO}}
        actions: [{channel: email, template: t}]
        """
    folder.add("steps: [{event: a}]", rest, name="first")
    folder.add("steps: [{event: a}]", rest.replace("NO", "SE"), name="second")
    folder.add("steps: [{event: a}]", name="third")
    assert folder.checked().warnings == ()
