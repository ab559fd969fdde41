"""From a submission to something that runs and has passed its acceptance test: started or found, tried, reviewed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from janus_platform.gateway.errors import NotReadyError
from janus_platform.gateway.remote_url import RemoteUrl, parse_remote_url
from janus_platform.node.log import missing_package_remedy
from janus_platform.node.node import Node
from janus_platform.node.remote import RemoteInstance
from janus_platform.node.replicas import Replica
from janus_platform.node.submission.acceptance_test import run_acceptance_test
from janus_platform.node.submission.checks import Check, SubmissionRefusedError, refuse_if_failed

NO_EGRESS = "no egress beyond the list"
_API, _IMAGE = "API is compliant", "image is reachable"
SHOWN_TARGETS = 3
# Of the log of one that failed its trial.
SHOWN_LINES, SHOWN_CHARACTERS = 12, 200
# For all questions of a trial together.
TEST_SECONDS = 150.0


def check_url(url: str, instances: int) -> list[Check]:
    """Whether what runs at `url` may be deployed."""
    try:
        remote = parse_remote_url(url)
    except ValueError as error:
        return [Check("address", "failed", f"url: {error}")]
    if instances != 1:
        return [Check("address", "failed", "an implementation that runs elsewhere is one node; leave instances out")]
    location = "on this machine" if remote.is_local else "on the public internet"
    return [Check("address", "passed", f"{remote.url}, {location}")]


async def admit(node: Node, replica: Replica, checks: list[Check], *, replaces: bool) -> None:
    """Start `replica`, run the acceptance test on it and review it; the results are added to `checks`.

    `replaces` says that another one of the name runs meanwhile. Raises SubmissionRefusedError when a check fails, and
    whatever else goes wrong; then `replica` has been stopped.
    """
    remote, since, before = isinstance(replica, RemoteInstance), time.time(), replica.log.tail()
    starts = "GET /health answers 200" if remote else "starts and GET /health answers 200"
    question = starts
    try:
        upstream = await replica.upstream()
        checks.append(Check(starts, "passed"))
        question = "keeps running"
        async with asyncio.timeout(TEST_SECONDS):
            checks += await run_acceptance_test(node.contract, replica.name, upstream, node.clock)
        await replica.upstream()
        checks.append(_egress(node, replica, since, replaces=replaces))
        refuse_if_failed(replica.name, checks, output=_output_since(replica, before))
        checks += _review(node.contract.submission.review, checks)
    except NotReadyError as error:
        await replica.stop()
        checks.append(Check(question, "failed", str(error)))
        raise SubmissionRefusedError(replica.name, checks) from error
    except TimeoutError as error:
        await replica.stop()
        checks.append(Check("answers in time", "failed", f"the trial took more than {TEST_SECONDS:g} s"))
        raise SubmissionRefusedError(replica.name, checks) from error
    except BaseException:
        await replica.stop()
        raise


def _output_since(replica: Replica, before: str) -> str:
    """The last lines that it printed during its trial."""
    if isinstance(replica, RemoteInstance):
        return ""
    printed = replica.log.tail().removeprefix(before)
    lines = [line[:SHOWN_CHARACTERS] for line in printed.splitlines()[-SHOWN_LINES:]]
    return "\n".join([*lines, *filter(None, [missing_package_remedy(printed)])])


def remote_url_of(url: str) -> RemoteUrl:
    """The parsed form of a registered address. Raises NotReadyError where the rules have become stricter since."""
    try:
        return parse_remote_url(url)
    except ValueError as error:
        raise NotReadyError(f"its address {url} is no longer accepted: {error}.") from error


def _egress(node: Node, replica: Replica, since: float, *, replaces: bool) -> Check:
    """What the egress proxy saw during the trial."""
    if isinstance(replica, RemoteInstance):
        return Check(NO_EGRESS, "not checked", "it runs outside this node, so the sandbox does not confine it")
    refused = list(dict.fromkeys(node.egress.refused(replica.name, since)))
    shown = ", ".join(target[:80] for target in refused[:SHOWN_TARGETS]) + (", …" if refused[SHOWN_TARGETS:] else "")
    if refused and replaces:
        return Check(NO_EGRESS, "not checked", f"{shown} was refused, to it or to its predecessor, which runs still")
    if refused:
        return Check(
            NO_EGRESS,
            "failed",
            f"it tried to reach {shown}. Use the five services; fetch pages through the web proxy, and switch "
            "telemetry off",
        )
    if not node.sandboxed:
        return Check(NO_EGRESS, "not checked", "nothing was refused, but without a sandbox it may bypass the proxy")
    return Check(
        NO_EGRESS, "passed", "nothing was refused during the trial, and there is no other way out of the sandbox"
    )


def _review(points: Sequence[str], checks: Sequence[Check]) -> list[Check]:
    """The points of the review checklist that are not among `checks` yet."""
    judged = {check.check for check in checks}
    return [_reviewed(point) for point in points if point not in judged]


def _reviewed(point: str) -> Check:
    if point == _API:
        return Check(point, "passed", "the checks above")
    return Check(
        point, "not checked", "images are not submitted here" if point == _IMAGE else "a person must check this"
    )
