"""Serves agents over the Model Context Protocol. Only this room knows the package mcp."""
