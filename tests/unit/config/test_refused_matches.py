"""What cannot work is refused when it is loaded: file, line, path, value, what is allowed, the way out."""

import pytest
from trigger_text import ACTIONS, only_problem, problems, read_match

ONE_STEP = "steps[0]"


def refused(match: str, path: str, line: int = 4):
    """The only problem of the match, which is at `path`."""
    problem = only_problem(match)
    assert (problem.file, problem.path, problem.line) == ("tested.yaml", f"match.{path}", line), str(problem)
    return problem


@pytest.mark.parametrize(
    ("step", "path", "value", "allowed"),
    [
        ("{event: cart add}", "event", "cart add", "a type such as cart_add"),
        ("{event: cart_*}", "event", "cart_*", "a type such as cart_add"),
        ("{event: []}", "event", [], "a list of types"),
        ('{event: [a, "*"]}', "event", ["a", "*"], '"*" alone'),
        ("{event: [a, a]}", "event", ["a", "a"], "each type once"),
        ("{event: 5}", "event", 5, "a type such as cart_add"),
        ("{event: a, as: my cart}", "as", "my cart", "letters, digits and _"),
        ("{event: a, as: customer}", "as", "customer", "any other name"),
        ("{event: a, key: product_id}", "key", "product_id", "properties.NAME"),
        ("{event: a, key: []}", "key", [], "a path or a list of paths"),
        ("{event: a, key: [session_id, session_id]}", "key", ["session_id"] * 2, "each path once"),
        ("{event: a, key: {}}", "key", {}, "TYPE: PATH"),
        ("{event: [a, b], key: {c: session_id}}", "key.c", "c", "a, b"),
        ("{event: a, times: 0}", "times", 0, "3, or {min: 2"),
        ("{event: a, times: many}", "times", "many", "3, or {min: 2"),
        ("{event: a, times: {}}", "times", {}, "3, or {min: 2"),
        ("{event: a, times: {min: 0}}", "times.min", 0, "1 or more"),
        ("{event: a, times: {min: 3, max: 2}}", "times.max", 2, "3 or more"),
        ("{event: a, times: {min: 2, within: 0s}}", "times.within", "0s", "above 0"),
        ("{event: a, times: {min: 2, contiguity: loose}}", "times.contiguity", "loose", "relaxed, strict, each"),
        ("{event: a, times: 2, optional: maybe}", "optional", "maybe", "true, false"),
        ("{event: a, times: 2, greedy: true}", "greedy", True, "max is above its min"),
        ("{event: a, greedy: true}", "greedy", True, "max is above its min"),
        ("{event: a, having: {sum: properties.n, gte: 5}}", "having", "sum", "beside times:"),
        ("{event: a, times: 2, having: 500}", "having", 500, "{sum: PATH, gte: 500}"),
        ("{event: a, times: 2, having: {sum: total, gte: 5}}", "having.sum", "total", "properties.NAME"),
        (
            "{event: a, times: 2, having: {sum: properties.n, gte: lots}}",
            "having.gte",
            "lots",
            "a number or a reference",
        ),
        ("{event: a, times: 2, having: {sum: properties.n, gte: true}}", "having.gte", True, "a number or a reference"),
        ("{event: a, times: 2, until: stop}", "until", "stop", "NAME: VALUE"),
        ("{event: a, contiguity: tight}", "contiguity", "tight", "relaxed, strict, each"),
        ("{event: a, contiguity: strict}", "contiguity", "strict", "on a later step"),
    ],
)
def test_a_malformed_event_step_is_refused_at_its_word(step, path, value, allowed):
    problem = refused(f"steps: [{step}]", f"{ONE_STEP}.{path}")
    assert problem.value == value
    assert allowed in problem.allowed


@pytest.mark.parametrize(
    ("step", "path", "message"),
    [
        ("{event: a, wher: {}}", ".wher", "is not known here"),
        ("{event: a, where: }", ".where", "is empty"),
        ("{event: a, times: 1, until: {event: b}}", ".until", "ends no repetition"),
        ("{event: a, times: 2, until: {evnt: b}}", ".until.evnt", "is not known here"),
        ("{event: a, times: 2, having: {gte: 500}}", ".having", "does not name one aggregate"),
        ("{event: a, times: 2, having: {sum: properties.n, max: properties.n, gte: 1}}", ".having", "one aggregate"),
        ("{event: a, times: 2, having: {sum: properties.n}}", ".having", "compares with nothing"),
        ("{event: a, times: 2, having: {sum: properties.n, above: 1}}", ".having.above", "is not known here"),
        ("{event: a, within: 1h}", ".within", "has no event step before it"),
        ("{event: a, times: {min: 2, within: 1h}, within: 2h}", ".within", "is a second span"),
        ("{any: [{event: a}], within: 1h}", ".within", "has no event step before it"),
        ("{any: [{event: a}], contiguity: each}", ".contiguity", "has no event step before it"),
        ("{event: a, key: [customer_id, session_id]}", ".key", "has 2 paths where the match's key has 1"),
        ("{event: a, key: {a: [customer_id, session_id]}}", ".key.a", "has 2 paths where the match's key has 1"),
    ],
)
def test_an_event_step_that_says_too_little_or_too_much_is_refused(step, path, message):
    assert message in refused(f"steps: [{step}]", f"{ONE_STEP}{path}").message


@pytest.mark.parametrize(
    ("step", "path", "value", "allowed"),
    [
        ("{absent: b, within: 0m}", "within", "0m", "above 0"),
        ("{absent: b, within: 30}", "within", 30, "ms s m h d w"),
        ("{absent: b}", "absent", "b", "within: T, or an event step after it"),
        ("{absent: [b, c]}", "absent", ("b", "c"), "within: T, or an event step after it"),
        ("{idle: 0s}", "idle", "0s", "above 0"),
        ("{idle: 30}", "idle", 30, "ms s m h d w"),
        ("{idle: {for: soon}}", "idle.for", "soon", "ms s m h d w"),
        ("{idle: {for: 1h, of: []}}", "idle.of", [], "a list of types"),
        ("{wait: 0s}", "wait", "0s", "above 0"),
        ("{wait: soon}", "wait", "soon", "ms s m h d w"),
        ("{wait: $a.count}", "wait", "$a.count", "$NAME.PATH"),
        ("{wait: $b.properties.x}", "wait", "$b.properties.x", "$a"),
        ("{at: 9:00}", "at", "9:00", "a time such as 09:00"),
        ("{at: 24:00}", "at", "24:00", "a time such as 09:00"),
        ("{at: monday 09:00}", "at", "monday 09:00", "a time such as 09:00"),
        ("{at: xyz 09:00}", "at", "xyz 09:00", "mon, tue"),
        ("{at: $a.sum(properties.x)}", "at", "$a.sum(properties.x)", "$NAME.PATH"),
        ("{at: $a.properties.x * 2}", "at", "$a.properties.x * 2", "$NAME.PATH"),
        ("{at: $a.properties.x, offset: 2}", "offset", 2, "ms s m h d w"),
        ("{at: 09:00, offset: 1h}", "offset", 3_600_000_000, "offset beside at: $NAME.PATH"),
        ("{all: []}", "all", [], "at least one element"),
        ("{any: {event: b}}", "any", {"event": "b"}, "at least one element"),
        ("{all: [{absent: b}]}", "all[0].absent", "b", "within: T"),
        ("{all: [{any: [{event: b}], contiguity: each}]}", "all[0].contiguity", "each", "on the outermost"),
        ("{all: [{event: b, where: {properties.x: {eq: $c.type}}}]}", "all[0].where.properties.x.eq", "$c.type", "$a"),
    ],
)
def test_a_malformed_later_step_is_refused_at_its_word(step, path, value, allowed):
    problem = refused(f"steps: [{{event: x, as: a}}, {step}]", f"steps[1].{path}")
    assert problem.value == value
    assert allowed in problem.allowed


@pytest.mark.parametrize(
    ("step", "path", "message"),
    [
        ("{idle: {of: b}}", ".idle.for", "is missing"),
        ("{absent: b, within: 1h, as: gone}", ".as", "is not known here"),
        ("{all: [{event: b, times: 2}]}", ".all[0].times", "is not known here"),
        ("{all: [{idle: 1h}]}", ".all[0]", "does not say what member it is"),
        ("{all: [{event: b}, {any: [{event: c}], within: 1h}]}", ".all[1].within", "is inside another group"),
        ("{absnt: b}", "", "does not say what step it is"),
        ("{event: b, absent: c}", "", "is more than one step: event, absent"),
        ("text", "", "is not a step"),
        ("{}", "", "does not say what step it is"),
    ],
)
def test_a_step_of_no_or_of_two_kinds_is_refused(step, path, message):
    assert message in refused(f"steps: [{{event: x, as: a}}, {step}]", f"steps[1]{path}").message


def test_a_misspelt_kind_of_step_is_refused_with_the_nearest():
    assert refused("steps: [{event: x}, {absnt: b}]", "steps[1]").hint == "did you mean absent?"


@pytest.mark.parametrize(
    "step", ["{absent: a, within: 1h}", "{idle: 1h}", "{wait: 1h}", "{at: 09:00}", "{any: [{absent: a, within: 1h}]}"]
)
def test_a_step_that_takes_no_event_cannot_be_the_whole_match(step):
    assert refused(f"steps: [{step}]", "steps").message == "has no event that could begin a match"


@pytest.mark.parametrize(
    "steps", ["{event: a, optional: true}", "{event: a, optional: true}, {event: b, optional: true}"]
)
def test_a_match_of_optional_events_only_is_refused(steps):
    assert refused(f"steps: [{steps}]", "steps").message == "could match without any event"


@pytest.mark.parametrize("step", ["{idle: 1h}", "{wait: 1h}", "{at: 09:00}"])
def test_nothing_can_be_waited_for_before_the_first_event(step):
    assert refused(f"steps: [{step}, {{event: a}}]", ONE_STEP).message == "has no event before it to count from"


def test_an_idle_before_the_first_event_is_refused_with_the_absence_it_means():
    assert 'absent: "*"' in refused("steps: [{idle: 1h}, {event: a}]", ONE_STEP).hint


def test_an_absence_before_the_first_event_needs_its_time():
    problem = refused("steps: [{absent: a}, {event: b}]", f"{ONE_STEP}.absent")
    assert problem.allowed == "within: T, or an event step before it"
    assert len(read_match("steps: [{absent: a, within: 1h}, {event: b}]").steps) == 2


@pytest.mark.parametrize("last", ["{wait: 1h}", "{absent: c, within: 1h}", "{idle: 1h}"])
def test_an_absence_without_time_needs_an_event_after_it(last):
    problem = refused(f"steps: [{{event: a}}, {{absent: b}}, {last}]", "steps[1].absent")
    assert problem.allowed == "within: T, or an event step after it"


@pytest.mark.parametrize("steps", ["[]", "{event: a}", "text"])
def test_steps_are_a_list_with_something_in_it(steps):
    assert refused(f"steps: {steps}", "steps").allowed == "a list with at least one element"


def test_a_span_of_the_whole_needs_two_events():
    problem = refused("{within: 1h, steps: [{event: a}, {absent: b, within: 30m}]}", "within")
    assert problem.message == "spans the first to the last event, and there is only one"
    for steps in ("{event: a, times: 2}", "{event: a}, {event: b}", "{all: [{event: a}, {event: b}]}"):
        assert read_match(f"{{within: 1h, steps: [{steps}]}}").within_us == 3_600_000_000


def test_an_expiry_needs_something_that_can_time_out():
    expiry = "on_expire: {actions: [{channel: push, template: t}]}"
    problem = refused(f"{{{expiry}, steps: [{{event: a}}, {{absent: b, within: 1h}}]}}", "on_expire")
    assert problem.allowed == "beside within: on match or on a later event step"
    for steps in ("{event: a}, {event: b, within: 1h}", "{event: a}, {event: b, times: {min: 2, within: 1h}}"):
        assert read_match(f"{{{expiry}, steps: [{steps}]}}").on_expire is not None


def test_an_action_of_an_expiry_has_a_name_of_its_own_too():
    problem = refused(
        "{within: 1h, on_expire: {actions: [{channel: email, template: t}]}, steps: [{event: a}, {event: b}]}",
        "on_expire.actions[0].channel",
    )
    assert problem.message == "is already the name of an action"


@pytest.mark.parametrize("end", ["until: {event: b}", "within: 1h", "times: {min: 1, contiguity: strict}"])
def test_a_trailing_greedy_repetition_needs_an_end(end):
    times = "" if "times" in end else "times: {min: 1}, "
    greedy = f"{{event: b, {times}greedy: true"
    assert read_match(f"steps: [{{event: a}}, {greedy}, {end}}}]").steps[1].greedy
    problem = refused("steps: [{event: a}, {event: b, times: {min: 1}, greedy: true}]", "steps[1].greedy")
    assert problem.message == "would wait for ever for one more event"


@pytest.mark.parametrize(
    ("words", "path", "value", "allowed"),
    [
        ("key: product_id", "key", "product_id", "properties.NAME"),
        ("key: type", "key", "type", "customer_id"),
        ("key: [customer_id, customer_id]", "key", ["customer_id"] * 2, "each path once"),
        ("per: price", "per", "price", "properties.NAME"),
        ("within: 5", "within", 5, "ms s m h d w"),
        ("on_repeat: overlapp", "on_repeat", "overlapp", "restart, ignore, overlap"),
        ("after_match: skip", "after_match", "skip", "keep, skip_past_last"),
        ("after_match: skip_to_first", "after_match", "skip_to_first", "{skip_to_first: NAME}"),
        ("after_match: {keep: a}", "after_match", {"keep": "a"}, "keep, skip_past_last"),
        ("after_match: {skip_to_last: c}", "after_match.skip_to_last", "c", "a, b"),
        ("fires: never", "fires", "never", "always, once, {once_per: 365d}"),
        ("fires: {once_per: 365}", "fires.once_per", 365, "ms s m h d w"),
        ("exit: subscribed", "exit", "subscribed", "a list"),
        ("exit: [subscribed]", "exit[0]", "subscribed", "NAME: VALUE"),
        ("exit: [{event: c, where: {type: {eq: $d.type}}}]", "exit[0].where.type.eq", "$d.type", "$a, $b"),
        ("on_expire: {actions: []}", "on_expire.actions", [], "at least one element"),
    ],
)
def test_a_malformed_word_of_the_match_is_refused(words, path, value, allowed):
    problem = refused(f"{{{words}, steps: [{{event: x, as: a}}, {{event: y, as: b, within: 1h}}]}}", path)
    assert problem.value == value
    assert allowed in problem.allowed


@pytest.mark.parametrize(
    ("where", "value", "message", "allowed"),
    [
        ("$b.properties.x", "$b.properties.x", "is not captured by an earlier step", "$a, $many"),
        ("$c.properties.x", "$c.properties.x", "is not captured by an earlier step", "$a, $many"),
        ("$a.first.properties.x", "$a.first.properties.x", "repetitions of a single event", "$a.PATH"),
        ("$a.count", "$a.count", "repetitions of a single event", "$a.PATH"),
        ("$a.sum(properties.x)", "$a.sum(properties.x)", "repetitions of a single event", "$a.PATH"),
    ],
)
def test_a_reference_to_what_is_not_there_yet_is_refused(where, value, message, allowed):
    steps = (
        f"{{event: x, as: a}}, {{event: m, as: many, times: 2}}, {{event: y, as: b, where: {{type: {{eq: {where}}}}}}}"
    )
    problem = refused(f"steps: [{steps}, {{event: z, as: c}}]", "steps[2].where.type.eq")
    assert (problem.value, problem.allowed) == (value, allowed)
    assert message in problem.message


def test_a_misspelt_name_is_refused_with_the_nearest():
    steps = "{event: x, as: cart}, {event: y, where: {type: {eq: $crat.type}}}"
    assert refused(f"steps: [{steps}]", "steps[1].where.type.eq").hint == "did you mean $cart?"


def test_without_any_name_a_reference_is_refused_with_the_reason():
    problem = refused("steps: [{event: x}, {event: y, where: {type: {eq: $a.type}}}]", "steps[1].where.type.eq")
    assert problem.allowed == "nothing: no event has a name (as:) by then"


@pytest.mark.parametrize("selector", ["prev.properties.n", "first.properties.n", "count", "max(properties.n)"])
def test_a_repetition_may_look_back_at_itself(selector):
    step = f"{{event: x, as: it, times: {{min: 3, within: 1h}}, where: {{properties.n: {{gt: $it.{selector}}}}}}}"
    assert read_match(f"steps: [{step}]").steps[0].where.value.name == "it"


@pytest.mark.parametrize("selector", ["properties.n", "item.n"])
def test_a_repetition_cannot_compare_an_event_with_itself(selector):
    step = f"{{event: x, as: it, times: 3, where: {{properties.n: {{gt: $it.{selector}}}}}}}"
    problem = refused(f"steps: [{step}]", "steps[0].where.properties.n.gt")
    assert (problem.message, "$it.prev.PATH" in problem.allowed) == ("is this event itself", True)


def test_the_end_of_a_repetition_may_ask_the_repetition():
    step = "{event: x, as: it, times: {min: 2}, until: {event: y, where: {properties.n: {gt: $it.max(properties.n)}}}}"
    assert read_match(f"steps: [{step}, {{event: z}}]").steps[0].until is not None


@pytest.mark.parametrize(
    "steps", ["{event: x, as: a}, {event: y, as: a}", "{all: [{event: x, as: a}, {event: y, as: a}], within: 1h}"]
)
def test_a_name_is_given_once(steps):
    problem = only_problem(f"steps: [{steps}]")
    assert problem.path.endswith(".as")
    assert (problem.value, problem.allowed) == ("a", "another name")


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ("{event: x, where: {$customer.country: {eq: NO}}}", "steps[0].where.$customer.country.eq"),
        ("{event: x, where: {type: {eq: $customer.favourite}}}", "steps[0].where.type.eq"),
        ("{event: x}, {at: 09:00}", "steps[1].at"),
        ("{event: x}, {wait: $customer.patience}", "steps[1].wait"),
        ("{event: x}, {absent: y, within: 1h, where: {$customer.a: {eq: 1}}}", "steps[1].where.$customer.a.eq"),
    ],
)
def test_the_customer_can_only_be_asked_where_the_key_begins_with_one(steps, path):
    assert "key does not begin with customer_id" in refused(f"{{key: session_id, steps: [{steps}]}}", path).message
    assert read_match(f"{{key: [customer_id, session_id], steps: [{steps}]}}")


def test_a_trigger_needs_its_parts():
    found = problems("steps: [{event: x}]", "policy: {}")
    assert [(each.path, each.message) for each in found] == [("actions", "is missing")]


def test_a_match_needs_steps():
    assert refused("key: customer_id", "steps", line=3).message == "is missing"


def test_a_misspelt_word_is_one_mistake_and_not_also_a_missing_one():
    problem = refused("stpes: [{event: x}]", "stpes")
    assert (problem.message, problem.hint) == ("is not known here", "did you mean steps?")


def test_other_triggers_use_the_customer_in_the_policy():
    from trigger_text import read

    rest = f"policy: {{where: {{$customer.country: {{eq: NO}}}}}}\n{ACTIONS}"
    assert read("{key: session_id, steps: [{event: x}]}", rest).policy.where is not None
