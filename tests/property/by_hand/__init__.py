"""Every line of the semantics page, worked out by hand: a match, a log, and what is to be told.

A log is written ``"a@0s, b@5m x=1"``: type, time, properties (of customer c1; the id is ``a@0s``). What is told is
written ``"5m: a@0s b@5m"``, time and events; a partial match that timed out begins with ``expired``.
"""
