"""The means by which notices reach people."""
