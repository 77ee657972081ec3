"""The shell that every page stands in: base form, audiences, headers, error pages, navigation."""
