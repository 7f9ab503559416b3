"""Real processes that are killed, stopped and crowded: few in the tests, many in the benchmark."""
