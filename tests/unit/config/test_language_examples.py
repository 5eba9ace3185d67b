"""The examples of the language's own page, and the shipped triggers, load."""

from pathlib import Path

import pytest

from config.language import AbsentStep, AtStep, EventStep
from config.language.schema import trigger_schema
from config.loader import load_triggers, parse_trigger
from config.references import Reference, Scaled

SHIPPED = Path(__file__).parents[3] / "config" / "triggers"
MINUTE_US = 60_000_000
DAY_US = 1440 * MINUTE_US

CART_ABANDONMENT = """
trigger: cart_abandonment
version: 1
description: Something worth 20 or more was put in the cart and nothing was bought for 30 minutes.

match:
  key: customer_id
  on_repeat: restart
  steps:
    - event: cart_add
      as: cart
      where: {properties.price: {gte: 20}}
    - absent: purchase
      within: 30m

policy:
  recipient: customer_id
  consent: marketing
  holdout: 10%
  cooldown: 24h
  quiet_hours: {from: 21:00, to: 08:00, timezone: $customer.timezone, then: defer}
  caps: [{channel: email, max: 3, per: 7d}]
  priority: 50
  max_age: 6h

actions:
  - channel: email
    template: cart-reminder
    data: {product_id: $cart.properties.product_id}
"""

HEAD = "trigger: example\nversion: 1\nactions: [{channel: email, template: t}]\n"

BROWSE_ABANDONMENT = """
match:
  key: [customer_id, properties.product_id]
  steps:
    - {event: product_view, as: viewed, times: {min: 3, within: 24h}}
    - absent: [cart_add, purchase]
      within: 2h
      key: {purchase: [customer_id, properties.products.product_id]}
"""

PRICE_DROP = """
match:
  key: properties.product_id
  per: customer_id
  steps:
    - {event: product_view, as: viewed}
    - event: price_changed
      as: drop
      within: 30d
      where: {properties.price: {lt: $viewed.properties.price * 0.9}}
  exit: [{event: purchase, key: properties.products.product_id, where: {customer_id: {eq: $viewed.customer_id}}}]
policy: {recipient: $viewed.customer_id}
"""

PAYMENT_FAILED_TWICE = """
match:
  steps:
    - {event: payment_failed, as: first}
    - absent: payment_succeeded
    - {event: payment_failed, as: second, within: 24h}
"""

TRIAL_ENDING = """
match:
  steps:
    - {event: [signup, trial_extended], as: trial}
    - {at: $trial.properties.trial_ends_at, offset: -2d}
  exit: [{event: subscribed}]
"""


def test_the_first_example_loads():
    trigger = parse_trigger(CART_ABANDONMENT).trigger
    cart, absent = trigger.match.steps
    assert isinstance(cart, EventStep)
    assert (cart.where.path, cart.where.operator, cart.where.value) == (("properties", "price"), "gte", 20)
    assert isinstance(absent, AbsentStep)
    assert absent.within_us == 30 * MINUTE_US
    assert (trigger.policy.holdout, trigger.policy.cooldown_us, trigger.policy.priority) == (0.1, DAY_US, 50)
    assert trigger.actions[0].data == {"product_id": Reference("cart", "last", ("properties", "product_id"))}


def test_browse_abandonment_loads():
    views, absent = parse_trigger(HEAD + BROWSE_ABANDONMENT).trigger.match.steps
    assert (views.times.min, views.times.max, views.times.within_us) == (3, None, DAY_US)
    assert absent.matcher.key_of("purchase")[1] == ("properties", "products", "product_id")


def test_price_drop_on_viewed_loads():
    trigger = parse_trigger(HEAD + PRICE_DROP).trigger
    price = Reference("viewed", "last", ("properties", "price"))
    assert trigger.match.per == ("customer_id",)
    assert trigger.match.steps[1].where.value == Scaled(price, "*", 0.9)
    assert trigger.match.exit[0].key == (("properties", "products", "product_id"),)
    assert trigger.policy.recipient == Reference("viewed", "last", ("customer_id",))


def test_payment_failed_twice_loads():
    _, between, second = parse_trigger(HEAD + PAYMENT_FAILED_TWICE).trigger.match.steps
    assert between.within_us is None
    assert second.within_us == DAY_US


def test_trial_ending_loads():
    match = parse_trigger(HEAD + TRIAL_ENDING).trigger.match
    trial, at = match.steps
    assert trial.types == ("signup", "trial_extended")
    assert isinstance(at, AtStep)
    assert (at.reference.path, at.offset_us) == (("properties", "trial_ends_at"), -2 * DAY_US)
    assert match.exit[0].types == ("subscribed",)


def test_the_shipped_triggers_load_and_are_named_as_their_files():
    loaded = load_triggers([SHIPPED])
    assert [each.trigger.trigger for each in loaded] == [Path(each.source.file).stem for each in loaded]
    assert {"cart_abandonment", "welcome", "rage_clicks"} <= {each.trigger.trigger for each in loaded}
    assert all(each.trigger.description for each in loaded)


def test_the_schema_describes_what_is_written():
    schema = trigger_schema()
    definitions = schema["$defs"]
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"trigger", "version", "match", "actions"}
    assert set(definitions["EventStep"]["properties"]) >= {"event", "as", "where", "within", "times", "having"}
    assert definitions["AbsentStep"]["properties"]["within"]["anyOf"][0]["examples"] == ["30m", "24h", "7d"]
    assert "'null'" not in str(schema)


def test_the_schema_of_a_condition_refers_to_itself():
    where = trigger_schema()["$defs"]["Where"]
    assert where["properties"]["not"] == {"$ref": "#/$defs/Where"}
    assert where["additionalProperties"]["properties"]["exists"] == {"type": "boolean"}


@pytest.mark.parametrize("definition", ["EventStep", "AbsentStep", "Matcher", "EventMember", "Policy"])
def test_every_where_of_the_schema_is_a_condition(definition):
    where = trigger_schema()["$defs"][definition]["properties"]["where"]
    assert {"$ref": "#/$defs/Where"} in where["anyOf"]
