"""Escape attempts: `escape 4711` calls every public function of this module with that number.

There is none here; the notebook on egress control puts a module with some in its place.
"""
