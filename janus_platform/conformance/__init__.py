"""`janus check`: compares the contract, field by field, with what a platform really does.

    fields.py            every field of the contract by its dotted path, and which of them nothing can measure
    report.py            one comparison each, and the report they make
    http_client.py       HTTP to a host: through the local egress proxy, or straight out; bounded in size and time
    openapi_check.py     contract against a service's OpenAPI document
    endpoint_probes.py   contract against what a service answers, accepts and refuses
    *_probes.py          what only trying shows of one service, the gateway, the isolation, the bench
    local.py             all of it against the platform that runs here
    live.py              what is fair to ask of the real hosts
    table.py             the report for a terminal

It measures and changes nothing that another caller would notice: every probe is a caller of its own.
"""
