"""What the guest tries when it is told `escape`: every public function here, called with the number that follows.

This one tries nothing; the notebook on egress control writes another in its place.
"""
