"""A deterministic simulation of the whole queue: people, a server, workers, and everything that goes wrong.

The services are the real ones, on the memory adapter. What is simulated is the world around them: time,
chance, processes, the network and the runner. A seed settles everything, so that a failure is replayed by
`python -m benchmarks.simulation --seed SEED`.
"""
