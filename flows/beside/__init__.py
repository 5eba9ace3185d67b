"""Reading beside the workers: a process of its own reads, decodes and routes; what is left for them is detection."""
