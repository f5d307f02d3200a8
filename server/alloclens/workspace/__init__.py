"""Disk access for `source`: the workspace's files, git, go.mod and source versions."""
