"""What fails a build: from a World, or from runs of two builds, to violations, and how these are written for each CI system."""
