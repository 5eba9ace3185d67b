"""Whose an anonymous event is: the step before detection that hands an anonymous customer's doings to a known one.

An event is *anonymous* when ``context.anonymous_id`` is its customer id. An *identify* of a known customer names an
anonymous one; from its place in the order of processing on, that one's events are the known one's, and what the
anonymous one had open is his too. Decision 0007 says why it is done so.
"""
