"""The Web Proxy asks public addresses only, whatever the URL, a redirect or a name server says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.public_address import is_public
from janus_platform.services.framework.problem import Problem, type_uri
from janus_platform.services.web_proxy.app import LiveWeb, build
from janus_platform.services.web_proxy.guard import check_url
from janus_platform.services.web_proxy.web import AddressRefusedError, Reply
from tests.services.asgi import client, context
from tests.services.web_proxy_hostile_urls import HOSTILE
from tests.services.web_proxy_rig import PAGE, SERVICE, FakeWeb, InProcess, fetch, fetch_from, html


def test_redirects_are_followed_and_the_final_address_is_reported() -> None:
    assert fetch("https://example.com/magazine/entanglement").json()["url"] == "https://example.com/article"


def test_more_than_five_redirects_are_too_many() -> None:
    chain = {f"https://site.example.net/{i}": Reply(302, location=f"/{i + 1}") for i in range(9)}
    end = {"https://site.example.net/5": html("<p>End</p>")}
    assert fetch_from(chain | end, "https://site.example.net/0").status_code == 200
    assert fetch_from(chain, "https://site.example.net/0").json()["type"].endswith("too-many-redirects")


@pytest.mark.parametrize(
    ("location", "status"),
    [
        ("http://127.0.0.1/", 403),
        ("http://169.254.169.254/latest/meta-data/", 403),
        ("//localhost/", 403),
        ("file:///etc/passwd", 502),
        ("https://site.example.net:8443/", 502),
        ("http://[::1", 502),
        ("https://site.example.net/forbidden", 403),
    ],
)
def test_each_redirect_is_judged_again(location: str, status: int) -> None:
    robots = Reply(200, "text/plain", b"User-agent: *\nDisallow: /forbidden\n")
    web = FakeWeb({PAGE: Reply(302, location=location), "https://site.example.net/robots.txt": robots})
    assert fetch(PAGE, build(context(), web, InProcess())).status_code == status
    assert all(url.startswith("https://site.example.net/") for url in web.asked)


def test_there_are_enough_hostile_urls_and_none_twice() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_is_refused_before_anything_is_asked_for(url: str) -> None:
    with pytest.raises(Problem) as refused:
        check_url(url)
    assert refused.value.status in (403, 422)


def test_a_redirect_to_any_of_them_is_refused_before_anything_is_asked_for() -> None:
    locations = [url for url in HOSTILE if "://" in url and url.isprintable()]
    starts = [f"https://site.example.net/{i}" for i in range(len(locations))]
    replies = {start: Reply(302, location=url) for start, url in zip(starts, locations, strict=True)}
    web = FakeWeb(replies)

    async def asked() -> list[int]:
        async with client(build(context(), web, InProcess()), SERVICE.origin) as opened:
            return [(await opened.get("/fetch", params={"url": start})).status_code for start in starts]

    assert set(asyncio.run(asked())) == {403, 502}
    assert set(web.asked) == {"https://site.example.net/robots.txt", *starts}


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("HTTPS://Example.COM:443", "https://example.com/"),
        ("http://example.com:443/a?b=c#d", "http://example.com:443/a?b=c"),
        ("https://bücher.example/ü?q=ß", "https://xn--bcher-kva.example/%C3%BC?q=%C3%9F"),
        ("https://example.com./a/./b/../c", "https://example.com/a/c"),
        ("http://93.184.216.34/", "http://93.184.216.34/"),
        ("http://[2606:2800:220:1:248:1893:25c8:1946]/", "http://[2606:2800:220:1:248:1893:25c8:1946]/"),
        ("https://example.com/a%2Fb%20c", "https://example.com/a%2Fb%20c"),
    ],
)
def test_a_public_url_is_put_in_its_normal_form(url: str, normal: str) -> None:
    assert check_url(url).url == normal


@given(st.ip_addresses())
def test_no_private_address_passes_for_public(address: Any) -> None:
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "::1", "::ffff:10.0.0.1", "169.254.169.254", "fe80::1%eth0", "x"]
)
def test_no_socket_is_made_for_an_address_that_is_not_public(address: str) -> None:
    with pytest.raises(AddressRefusedError):
        LiveWeb("JanusBot")._guarded_socket((2, 1, 6, "", (address, 80)))


class Resolver(AbstractResolver):
    """Resolves every name to the same addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        made = {"hostname": host, "port": port, "family": 2, "proto": 6, "flags": 0}
        return [ResolveResult(host=address, **made) for address in self.addresses]

    async def close(self) -> None: ...


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1", "192.168.0.1"]])
def test_a_public_name_that_resolves_to_a_private_address_is_refused_when_connecting(addresses: list[str]) -> None:
    async def asked() -> Any:
        web = LiveWeb("JanusBot", Resolver(*addresses))
        async with client(build(context(), web, InProcess()), SERVICE.origin) as opened:
            answer = await opened.get("/fetch", params={"url": "http://rebound.example.com/"})
        await web.close()
        return answer

    answer = asyncio.run(asked())
    assert (answer.status_code, answer.json()["type"]) == (403, type_uri("address-refused"))
