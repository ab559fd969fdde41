"""Decide like the proxy.

Write `allowed(target, hosts)`: whether a CONNECT to `target`, such as `"example.com:443"`, may pass. The host must be
one of `hosts`, in upper or lower case, and the port must be 443. A target that differs by one character may not pass.
"""

from janus_book.exercise import Hint


# %% answer
def allowed(target, hosts):
    ### BEGIN SOLUTION
    host, _, port = target.rpartition(":")
    return host.lower() in hosts and port == "443"
    ### END SOLUTION


# %% check
def check(allowed):
    import janus_platform as janus
    from janus_platform.contract import load_contract
    from janus_platform.egress.connect_request import send_connect

    egress = load_contract().egress
    first, second = egress.allowed_hosts[:2]
    targets = {
        f"{first}:443": "It is on the list, with the right port.",
        f"{second.upper()}:443": "Host names have no case.",
        "evil.example:443": "It is not on the list.",
        f"{first}:80": "It has another port.",
        f"{first}:4430": "4430 only begins with 443.",
        f"{first}.:443": "The dot at the end makes it another name here.",
        f"evil-{first}:443": "It only ends like a listed name.",
        f"{first}.evil.example:443": "It only begins like a listed name.",
        f"x.{first}:443": "A name below a listed one is not listed.",
        f"{first.partition('.')[2]}:443": "It is part of a listed name, but not a listed name.",
        f"{first}:0443": "The port is compared as it is written: 0443 is not 443.",
        f"{first} :443": "A space is a character too.",
        f"{first}: 443": "A space is a character too, before the port as well.",
        f"{egress.allowed_hosts[-1]}:443": "It is the last host of the list.",
        f"{first.replace('.', '-', 1)}:443": "The dots of a listed name are dots; no other character may replace them.",
        first: "There is no port.",
        f"{first}:443@evil.example:443": "The part before the @ is not a host.",
    }
    janus.up()
    for target, why in targets.items():
        real = send_connect(target).startswith("200")
        try:
            said = allowed(target, egress.allowed_hosts)
        except (ValueError, LookupError) as error:
            raise Hint(f"{target} could not be taken apart: {error}. How many colons does it have?") from None
        if (said is None and real) or said is ...:
            raise Hint("allowed returns nothing yet. Split the target at its last colon: rpartition does that.")
        if not isinstance(said, bool):
            raise Hint(f"For {target} you return {said!r}. Return True or False in every case.")
        if said != real:
            raise Hint(f"For {target} you say {said}, and the proxy {real}. {why}")
    own = ["own.example"]
    if allowed("own.example:443", own) is not True or allowed(f"{first}:443", own) is not False:
        raise Hint(f"With {own} as `hosts` that host alone may be reached. Which list does your function look at?")
    return f"The proxy decides the same for all {len(targets)} targets."


# %% mistakes
MISTAKES = {
    "def allowed(target, hosts):\n    return target.split(':')[0] in hosts": "Host names have no case",
    "def allowed(target, hosts):\n    return target.split(':')[0].lower() in hosts": "It has another port",
    "def allowed(target, hosts):\n    return any(target.lower().startswith(h + ':443') for h in hosts)": "4430 only",
    "def allowed(target, hosts):\n"
    "    host, _, port = target.rpartition(':')\n"
    "    return port == '443' and any(host.lower().endswith(h) for h in hosts)": "only ends like",
    "def allowed(target, hosts):\n"
    "    host, _, port = target.rpartition(':')\n"
    "    return port == '443' and host.lower().rstrip('.') in hosts": "dot at the end",
    "def allowed(target, hosts):\n"
    "    host, port = target.split(':')\n"
    "    return host.lower() in hosts and port == '443'": "How many colons",
    "def allowed(target, hosts):\n"
    "    host, _, port = target.rpartition(':')\n"
    "    if host.lower() in hosts and port == '443':\n"
    "        return True": "Return True or False",
    "def allowed(target, hosts):\n"
    "    host, _, port = target.rpartition(':')\n"
    "    return host.lower() in ' '.join(hosts) and port == '443'": "not a listed name",
    "def allowed(target, hosts):\n"
    "    host, _, port = target.rpartition(':')\n"
    "    return host.lower() in hosts and port.isdigit() and int(port) == 443": "as it is written",
    """import re
def allowed(target, hosts):
    return bool(re.fullmatch('(' + '|'.join(hosts) + '):443', target.lower()))
""": "are dots",
    """def allowed(target, hosts):
    host, _, port = target.rpartition(':')
    return host.lower() in hosts and port.strip() == '443'
""": "before the port as well",
    """from janus_platform.contract import load_contract
def allowed(target, hosts):
    host, _, port = target.rpartition(':')
    return host.lower() in load_contract().egress.allowed_hosts and port == '443'
""": "Which list does",
}
