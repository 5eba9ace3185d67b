"""What is wrong with trigger files, what is suspicious, what they mean and what they cost: without running them.

`python -m config.check PATH…` prints it; `check` gives it as values.
"""

from config.check.checked import Checked, CheckedTrigger, Warned, check

__all__ = ["Checked", "CheckedTrigger", "Warned", "check"]
