"""`janus check`: compares the contract, field by field, with what a platform really does.

    leaves.py       every field of the contract by its dotted path
    rows.py         one comparison each, and the report they make
    door.py         HTTP to a host: through the local egress proxy, or straight out; bounded in size and time
    described.py    contract against a service's OpenAPI document
    answered.py     contract against a real answer
    *_probes.py     what only trying shows: limits held, bodies refused, walls that stand
    stated.py       the fields that nothing can measure from outside, each with the reason
    local.py        all of it against the platform that runs here
    live.py         what is fair to ask of the real hosts
    table.py        the report for a terminal

It measures and changes nothing that another caller would notice: every probe is a caller of its own.
"""
