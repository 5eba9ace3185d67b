"""Whether an action may be sent: pure, event time in, decisions out. `step` is the whole, the others its parts."""
