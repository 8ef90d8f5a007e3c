"""The driver of the benchmarks, in parts: what runs (jobs, programs), how it is held (measure), what is said of it."""
