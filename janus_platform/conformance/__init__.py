"""`janus check`: compares the contract, field by field, with what a platform really does.

    fields.py          every field of the contract by its dotted path
    report.py          one comparison each, and the report they make
    http_client.py     HTTP to a host: through the local egress proxy, or straight out; bounded in size and time
    openapi_check.py   contract against a service's OpenAPI document
    response_check.py  contract against a real answer
    *_probes.py        what only trying shows: limits held, bodies refused, walls that stand
    unmeasured.py      the fields that nothing can measure from outside, each with the reason
    local.py           all of it against the platform that runs here
    live.py            what is fair to ask of the real hosts
    table.py           the report for a terminal

It measures and changes nothing that another caller would notice: every probe is a caller of its own.
"""
