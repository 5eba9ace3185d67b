"""Where the shipped models come from: one module a model, deterministic, on data it makes itself."""
