"""The snapshot of what already runs: the machine, its threads and their descriptors, read from /proc."""

from tercel.capture.procfs.snapshot import ProcFs, SnapshotStats, host_root_from_environment

__all__ = ["ProcFs", "SnapshotStats", "host_root_from_environment"]
