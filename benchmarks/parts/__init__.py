"""What `python -m benchmarks` measures, one file each."""
