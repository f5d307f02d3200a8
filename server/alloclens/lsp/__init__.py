"""The language server. Only this room knows pygls and lsprotocol."""
