"""Development programs: the tools a test or the demo needs, a real VS Code, the leaky example under load."""
