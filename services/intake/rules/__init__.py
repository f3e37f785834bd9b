"""Pure decisions of intake, one question a file."""
