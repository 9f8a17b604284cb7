"""Whose request it is, whatever the visitor writes, and which headers go no further."""

import pytest

from mmdemo.server.asgi import Refusal
from mmdemo.server.headers import check_headers, visitor


def scope(*headers, client="10.0.0.1", method="POST"):
    named = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return {"client": (client, 1), "headers": named, "method": method}


@pytest.mark.parametrize(
    ("hops", "said", "whose"),
    [
        (0, "9.9.9.9", "10.0.0.1"),
        (1, "9.9.9.9", "9.9.9.9"),
        (1, "1.1.1.1, 9.9.9.9", "9.9.9.9"),
        (2, "1.1.1.1, 9.9.9.9, 8.8.8.8", "9.9.9.9"),
        (2, "8.8.8.8", "10.0.0.1"),  # a proxy is missing: it did not come the way that we know
        (1, "", "10.0.0.1"),
        (1, "9.9.9.9, unknown", "10.0.0.1"),
        (1, "9.9.9.9:4711", "9.9.9.9"),
        (1, "[2001:db8:1:2:3::4]:4711", "2001:db8:1:2::/64"),
        (1, "::ffff:9.9.9.9", "9.9.9.9"),
        (None, "1.1.1.1, 9.9.9.9, 10.1.1.1, 192.168.0.1", "9.9.9.9"),
        (None, "10.1.1.1", "10.0.0.1"),
        (None, "9.9.9.9, nonsense, 10.1.1.1", "10.0.0.1"),
        (None, "", "10.0.0.1"),
    ],
)
def test_whose_request_it_is(hops, said, whose):
    assert visitor(scope(("x-forwarded-for", said)), hops) == whose


@pytest.mark.parametrize("hops", [0, 1, 2, None])
def test_no_visitor_has_two_allowances(hops):
    """A proxy adds the address that it was reached from, whatever is there already."""
    proxies = ", 9.9.9.9, 10.1.1.1" if hops in (2, None) else ", 9.9.9.9"
    written = ["", "1.2.3.4", "10.0.0.9", "::1", "a, b", ",,,", "\xff", "1.2.3.4, 10.0.0.9, 5.6.7.8"]
    assert len({visitor(scope(("x-forwarded-for", said + proxies)), hops) for said in written}) == 1


def test_the_same_header_twice_is_one_list():
    assert visitor(scope(("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "9.9.9.9")), 1) == "9.9.9.9"


BAD = [
    *(("host", value) for value in ("a b", "<script>", "a/b", "[::1", "a:b", "", "a\xff", "a@b", "a:123456")),
    *(("x-forwarded-host", value) for value in ("<script>", "a/b", "a?b", "a, b c")),
    *(("origin", value) for value in ("http://[", "http://a b", "javascript:alert(1)", "http://a/b", "\xff")),
    *(("range", value) for value in ("bytes=a-b", "bytes=" + "0-1," * 50, "bytes=-" + "9" * 50, "lines=1-2")),
    ("x-forwarded-proto", "javascript"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_what_is_not_well_made_is_refused(name, value):
    with pytest.raises(Refusal) as refused:
        check_headers(scope((name, value)), 1, cross_site=True)
    assert refused.value.status == 400


def test_two_hosts_are_refused():
    with pytest.raises(Refusal):
        check_headers(scope(("host", "a"), ("host", "b")), 0, cross_site=True)


def test_without_proxies_nobody_says_that_there_are_some():
    given = scope(("host", "a.org"), ("x-forwarded-host", "<evil>"), ("x-forwarded-proto", "https"))
    check_headers(given, 0, cross_site=False)
    assert given["headers"] == [(b"host", b"a.org")]


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ([("host", "a.org:7860")], True),
        ([("host", "a.org:7860"), ("origin", "https://a.org:7860")], True),
        ([("host", "a.org"), ("origin", "https://a.org:7860")], True),  # a proxy that leaves out the port
        ([("host", "10.0.0.2"), ("x-forwarded-host", "a.org"), ("origin", "https://a.org")], True),
        ([("host", "a.org"), ("origin", "https://evil.org")], False),
        ([("host", "a.org"), ("origin", "null")], False),
        ([("host", "a.org"), ("sec-fetch-site", "cross-site")], False),
        ([("host", "a.org"), ("sec-fetch-site", "same-origin")], True),
        ([("host", "[::1]:7860"), ("origin", "http://[::1]:7860"), ("range", "bytes=0-")], True),
    ],
)
def test_other_sites_pages_cannot_post(headers, passes):
    check_headers(scope(*headers), 1, cross_site=True)
    check_headers(scope(*headers, method="GET"), 1, cross_site=False)
    if passes:
        check_headers(scope(*headers), 1, cross_site=False)
    else:
        with pytest.raises(Refusal) as refused:
            check_headers(scope(*headers), 1, cross_site=False)
        assert refused.value.status == 403
