"""Local Kubernetes clusters on one Debian machine, for Evenkeel's demos and cluster tests.

The commands in `deploy/local` and the tests in `tests/cluster` are both written on these modules; `cluster.Cluster`
is where to start reading. Only the standard library of Python 3.11 is used.
"""
