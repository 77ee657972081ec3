"""The demo school: invented people, a year and an offer round a given day, and what its families want.

The same number of pupils, seed and day give the same school on every machine.
"""
