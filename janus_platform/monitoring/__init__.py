"""Monitoring: what each implementation costs and does, in numbers alone, and when those are out of the ordinary.

No content of a request or an answer comes in here: the records have no field that could hold any.
"""
