"""Users, families, pupils, care and what is known about a child."""
