"""A World, spoken to an editor. The only room that knows pygls and lsprotocol."""
