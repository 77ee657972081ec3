"""Set-up of the year, people and money screens, imports, checks and the demo school."""
