"""Many times of one form are read as columns, anything else one by one: both give the same."""

from hypothesis import example, given
from hypothesis import strategies as st

from operators.decode.times import event_time_us, event_times_us

PLAIN = st.datetimes().map(lambda time: time.isoformat(timespec="milliseconds") + "Z")
WHOLE_SECONDS = st.datetimes().map(lambda time: time.isoformat(timespec="seconds") + "Z")
NEARLY = st.tuples(PLAIN, st.integers(0, 23), st.sampled_from("0123456789Zz:T/ -\n")).map(
    lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] + 1 :]
)
MANY = 40


def one_by_one(texts):
    try:
        return [event_time_us(text) for text in texts]
    except ValueError:
        return None


@given(st.sampled_from([PLAIN, WHOLE_SECONDS]).flatmap(lambda form: st.lists(form, min_size=MANY, max_size=MANY)))
@example(["2024-02-29T23:59:59.999Z"] * MANY)
@example(["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"] * MANY)
def test_times_of_one_form_are_what_each_of_them_is(texts):
    found = event_times_us(texts)
    assert found is not None
    assert found == one_by_one(texts)


@given(st.lists(PLAIN, min_size=MANY, max_size=MANY), st.integers(0, MANY - 1), NEARLY | st.text(max_size=30))
@example(["2026-01-05T10:00:00.120Z"] * MANY, 7, "2026-02-30T10:00:00.120Z")
@example(["2026-01-05T10:00:00.120Z"] * MANY, 7, "2026-01-05T24:00:00.120Z")
@example(["2026-01-05T10:00:00.120Z"] * MANY, 7, "2026-01-05T10:00:60.120Z")
@example(["2026-01-05T10:00:00.120Z"] * MANY, 7, "2026-01-05T10:00:00.120+")
def test_a_strange_one_among_them_is_judged_by_itself(texts, place, strange):
    texts = [*texts[:place], strange, *texts[place + 1 :]]
    assert event_times_us(texts) == one_by_one(texts)


def test_texts_that_make_up_for_each_others_length_are_no_times():
    texts = ["2026-01-05T10:00:00.120Z"] * MANY
    texts[3:5] = ["2026-01-05T10:00:00.120", "Z2026-01-05T10:00:00.120Z"]
    assert event_times_us(texts) is None


def test_whole_milliseconds_and_texts_may_stand_beside_each_other():
    assert event_times_us([1_767_607_200_120, "2026-01-05T10:00:00.120Z"] * MANY) == [1_767_607_200_120_000] * 2 * MANY
