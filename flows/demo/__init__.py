"""A shop's afternoon in about a minute, through the real flow: ``python -m flows.demo`` (``make demo``)."""
