"""`make race`: processes that book, cancel and change at once and are killed, and a checker of what they wrote."""
