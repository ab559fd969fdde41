"""A classroom: one platform on the local network, shared by a class, with a token for each learner.

On the teacher's machine a tunnel server (TLS, one port) lets learners in and says who each connection is; behind it are
the gateway, the egress proxy, and a control API that knows one learner only. On a learner's machine a `bridge` takes
the place of the platform: same ports, same control socket, same variables, so the book's cells run unchanged.

What it does not do: keep what learners ask secret from whoever runs the platform, or check that a published score was
measured honestly. The bench runs on the learner's machine, and the classroom believes it.
"""
