"""The verifier (RFC 9334, section 3): checks evidence one step after the other and says why each step came out so.

It trusts three things, all its own: the root certificate, the nonce it drew, and its golden values. A check that rests
on one that failed is "not checked", never "passed". What it cannot find out, whatever the result: whether the node
measured honestly, since no hardware did it for it.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from janus_platform.attestation import chain
from janus_platform.attestation.errors import AttestationError
from janus_platform.attestation.evidence import COAP_JSON, NOTICE
from janus_platform.attestation.golden import Golden
from janus_platform.attestation.measure import changes
from janus_platform.attestation.registers import EventLog
from janus_platform.attestation.report import Check, Report, not_made
from janus_platform.attestation.token import ALGORITHM, TYPE, Unverified, from_b64url, json_object, take_apart
from janus_platform.contract import Contract

if TYPE_CHECKING:
    from cryptography import x509

MAX_NODES = 64
MAX_SHOWN_CHANGES = 5
# In the order in which they are made: each rests on those before it.
PROOFS = ("token", "algorithm", "certificate chain", "signature")
STATEMENTS = ("profile", "nonce", "freshness", "implementation", "event log", "golden values")
HARDWARE = Check(
    "hardware",
    "not checked",
    "there is none behind this evidence: no sealed memory, no key held by a CPU, no DCAP verification",
)


def verify(
    evidence: object,
    *,
    name: str,
    nonce: str,
    anchor: x509.Certificate,
    contract: Contract,
    now: dt.datetime,
    golden: Golden | None = None,
) -> Report:
    """Check `evidence` of implementation `name`, asked for with `nonce`, against the root certificate `anchor`.

    Nothing in `evidence` is trusted, whatever it is. Without `golden` the registers are compared with nothing.
    """
    checks = _Verification(evidence, name, nonce, anchor, contract, now, golden).run()
    return Report(name, (*checks, HARDWARE), NOTICE)


def read_logs(evidence: object, contract: Contract) -> dict[str, EventLog]:
    """The event logs that stand beside the token, by node. Raises AttestationError."""
    logs = evidence.get("event_logs") if isinstance(evidence, Mapping) else None
    if not isinstance(logs, Mapping) or not 1 <= len(logs) <= MAX_NODES:
        raise AttestationError(f"event_logs is an object with 1 to {MAX_NODES} nodes")
    return {str(node): EventLog.read(contract.attestation.registers, log) for node, log in logs.items()}


class _Verification:
    def __init__(
        self,
        evidence: object,
        name: str,
        nonce: str,
        anchor: x509.Certificate,
        contract: Contract,
        now: dt.datetime,
        golden: Golden | None,
    ) -> None:
        self._evidence, self._name, self._nonce, self._anchor = evidence, name, nonce, anchor
        self._rules, self._contract, self._now, self._golden = contract.attestation, contract, now, golden
        self._logs: dict[str, EventLog] = {}
        self._token: Unverified

    def run(self) -> list[Check]:
        proofs = self._in_turn(PROOFS, [self._form, self._algorithm, self._chain, self._signature])
        if proofs[-1].result != "passed":
            return [*proofs, *not_made(STATEMENTS, "nobody known signed what the token says")]
        statements = [self._profile, self._is_for_nonce, self._fresh, self._is_of, self._replays]
        checks = [self._made(name, check) for name, check in zip(STATEMENTS, statements, strict=False)]
        return [*proofs, *checks, self._golden_check(checks[-1])]

    def _in_turn(self, names: tuple[str, ...], checks: list[Callable[[], str]]) -> list[Check]:
        """Each check, as long as the one before it passed."""
        made: list[Check] = []
        for name, check in zip(names, checks, strict=True):
            made.append(self._made(name, check))
            if made[-1].result == "failed":
                return made + not_made(names[len(made) :], f"the check of the {name} failed")
        return made

    @staticmethod
    def _made(name: str, check: Callable[[], str]) -> Check:
        try:
            return Check(name, "passed", check())
        except AttestationError as error:
            return Check(name, "failed", str(error))

    def _form(self) -> str:
        token = self._evidence.get("token") if isinstance(self._evidence, Mapping) else None
        self._token = take_apart(token)
        header = self._token.header
        _require(header.get("typ") == TYPE, f"its type is {_shown(header.get('typ'))}, not {TYPE}")
        _require("crit" not in header, "it has critical header fields that this verifier does not know")
        return f"an {TYPE} of {len(self._token.token):,} characters"

    def _algorithm(self) -> str:
        named = self._token.header.get("alg")
        _require(named == ALGORITHM, f"it says {_shown(named)}; only {ALGORITHM} is accepted")
        return ALGORITHM

    def _chain(self) -> str:
        return chain.check(self._token.chain, self._anchor, self._now)

    def _signature(self) -> str:
        signed = self._token.has_signature_of(self._token.chain[0])
        _require(signed, "the certified key did not sign this: the token was changed, or another key signed it")
        return "made by the certified key"

    def _profile(self) -> str:
        profile = self._token.claims.get("eat_profile")
        _require(profile == self._rules.profile, f"it is {_shown(profile)}, not {self._rules.profile}")
        return self._rules.profile

    def _is_for_nonce(self) -> str:
        nonce = self._token.claims.get("eat_nonce")
        same = isinstance(nonce, str) and hmac.compare_digest(nonce.encode(), self._nonce.encode())
        _require(same, f"it answers nonce {_shown(nonce, 16)}, not ours: it was recorded earlier, or made for another")
        return "ours, drawn for this one question"

    def _fresh(self) -> str:
        times = [self._token.claims.get(name) for name in ("iat", "nbf", "exp")]
        issued, begins, ends = (_seconds(time) for time in times)
        now, skew, longest = self._now.timestamp(), self._rules.clock_skew_seconds, self._rules.valid_seconds
        _require(now + skew >= max(issued, begins), f"it is valid only {max(issued, begins) - now:.0f} s from now")
        _require(now <= ends + skew, f"it expired {now - ends:.0f} s ago")
        _require(now - issued <= longest + skew, f"it is {now - issued:.0f} s old; {longest} s are allowed")
        return f"issued {max(0.0, now - issued):.0f} s ago, valid for {longest} s"

    def _is_of(self) -> str:
        claims = self._token.claims
        _require(claims.get("sub") == self._name, f"it is about {_shown(claims.get('sub'))}, not {self._name}")
        names = {body.get("swname") for body in self._submodules().values()}
        _require(names == {self._name}, f"its nodes run something else than {self._name}")
        return self._name

    def _replays(self) -> str:
        submodules, self._logs = self._submodules(), read_logs(self._evidence, self._contract)
        _require(set(submodules) == set(self._logs), "the token and the event logs name different nodes")
        for node, log in self._logs.items():
            signed, replayed = _signed_registers(submodules[node]), log.registers()
            wrong = [name for name in replayed if signed.get(name) != replayed[name]] + [*(set(signed) - set(replayed))]
            _require(not wrong, f"{node}: the log does not lead to the signed value of {', '.join(map(str, wrong))}")
        events = sum(len(log.events) for log in self._logs.values())
        return f"{events} events of {len(self._logs)} node(s) lead to the signed registers"

    def _golden_check(self, replayed: Check) -> Check:
        name = STATEMENTS[-1]
        if replayed.result != "passed":
            return Check(name, "not checked", "no event log leads to the registers")
        if self._golden is None:
            return Check(name, "not checked", "none were given; `janus verify NAME --save-golden` saves today's")
        return self._made(name, self._compared)

    def _compared(self) -> str:
        golden = self._golden
        assert golden is not None
        _require(golden.name == self._name, f"they are those of {golden.name}")
        differences = [
            f"{node}: register {register} differs ({_listed(changes(golden.log.of(register), log.of(register)))})"
            for node, log in self._logs.items()
            for register, value in log.registers().items()
            if value != golden.log.registers()[register]
        ]
        _require(not differences, "; ".join(differences))
        return f"the registers {', '.join(self._rules.registers)} are as saved"

    def _submodules(self) -> dict[str, Mapping[str, Any]]:
        nodes = self._token.claims.get("submods")
        usable = isinstance(nodes, dict) and nodes and all(isinstance(body, dict) for body in nodes.values())
        _require(bool(usable), "the token names no nodes")
        return dict(nodes or {})


def _signed_registers(submodule: Mapping[str, Any]) -> dict[str, Any]:
    measurements = submodule.get("measurements")
    if not isinstance(measurements, list) or len(measurements) != 1 or not isinstance(measurements[0], list):
        raise AttestationError("a node has one measurement")
    if len(measurements[0]) != 2 or measurements[0][0] != COAP_JSON:
        raise AttestationError("a measurement is JSON (CoAP Content-Format 50) in base64url")
    registers = json_object(from_b64url(measurements[0][1]), "measurement").get("registers")
    if not isinstance(registers, dict):
        raise AttestationError("a measurement has registers")
    return registers


def _seconds(time: object) -> float:
    if isinstance(time, bool) or not isinstance(time, int | float) or not 0 <= time < 1e11:
        raise AttestationError("iat, nbf and exp must be there, in seconds since 1970")
    return float(time)


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise AttestationError(otherwise)


def _listed(differences: list[tuple[str, str]]) -> str:
    rest = len(differences) - MAX_SHOWN_CHANGES
    shown = ", ".join(f"{_shown(name)} {what}" for name, what in differences[:MAX_SHOWN_CHANGES])
    return shown + (f" and {rest} more" if rest > 0 else "") or "the same events in another order"


def _shown(value: object, length: int = 60) -> str:
    """A value from outside: short, and without what could redraw a terminal."""
    if value is None:
        return "missing"
    text = value if isinstance(value, str) and value.isprintable() else ascii(value)
    return text if len(text) <= length else f"{text[:length]}…"
