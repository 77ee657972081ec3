"""Who is expected, who is here, and the sheets that say so."""
