"""One trace goes through everything: OpenTelemetry spans of client, gateway, node, implementation and services.

Gateway and services make spans with the tracer of a `Tracing`; W3C `traceparent` headers (Trace Context, section 3.2)
join them. `tracing` puts the parts together, `context` places a span in its trace, `store` keeps the latest traces,
`sampling` bounds what is recorded, `reported` takes in the spans of clients, `export` sends all of them to a collector.
Attributes hold names, numbers and outcomes; never what was asked or answered.
"""
