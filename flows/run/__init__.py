"""``python -m flows.run FLOW``: a flow in one or more processes of this machine, started again when one dies."""
