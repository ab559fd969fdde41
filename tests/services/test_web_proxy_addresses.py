"""The Web Proxy asks public addresses only, whatever the URL, a redirect or a name server says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.services.problem import Problem, type_uri
from janus_platform.services.web_proxy import LiveWeb, build
from janus_platform.services.web_proxy_guard import check_url, is_public
from janus_platform.services.web_proxy_web import AddressRefused, Reply
from tests.services.asgi import client, context
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


HOSTILE = [
    "http://127.0.0.1/", "http://127.1/", "http://127.0.1/", "http://2130706433/", "http://0x7f000001/",
    "http://0177.0.0.1/", "http://0x7f.0.0.1/", "http://017700000001/", "http://127.0.0.1./", "http://0/", "http://0.0.0.0/",
    "http://10.0.0.1/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.1.1/", "http://100.64.0.1/",
    "http://100.100.100.200/", "http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/", "http://168.63.129.16/", "http://192.0.0.192/", "http://198.18.0.1/", "http://224.0.0.1/",
    "http://255.255.255.255/", "http://240.0.0.1/", "http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/", "http://[fe80::1]/", "http://[fe80::1%25eth0]/", "http://[fc00::1]/",
    "http://[fd00:ec2::254]/", "http://[ff02::1]/", "http://[2001:db8::1]/", "http://localhost/", "http://LOCALHOST/",
    "http://localhost./", "http://a.localhost/", "http://metadata.google.internal/", "http://metadata/", "http://printer.local/",
    "http://router.lan/", "http://router.home.arpa/", "http://\uff11\uff12\uff17.0.0.1/", "http://127\u30020\u30020\u30021/",
    "http://\u24d5ocalhost.local/", "http://user@127.0.0.1/", "http://example.com@127.0.0.1/", "http://127.0.0.1#@example.com/",
    "http://example.com\\@127.0.0.1/", "http://127.0.0.1:22/", "http://example.com:8080/", "http://example.com:0/",
    "http://example.com:99999/", "file:///etc/passwd", "ftp://example.com/", "gopher://127.0.0.1/", "data:text/html,x",
    "javascript:alert(1)", "//127.0.0.1/", "http:127.0.0.1", "http:///127.0.0.1/", "http://[::1", "http://%31%32%37.0.0.1/",
    "http://127.0.0.1%00.example.com/", "http://exa mple.com/", "http://example.com\r\nHost: x/", "http://1.2.3.4.5/",
    "http://1.2.3/", "http://0x/", "http://example.0x7f/", "http://-example-/", "http://.example.com/", "http://a..example.com/",
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_is_refused_before_anything_is_asked_for(url: str) -> None:
    with pytest.raises(Problem) as refused:
        check_url(url)
    assert refused.value.status in (403, 422)


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
    with pytest.raises(AddressRefused):
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
