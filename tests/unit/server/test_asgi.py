"""An answer that is changed on its way: as a whole, and with its new length."""

import asyncio

from mmdemo.server.asgi import changed


def test_an_answer_is_changed_once_all_of_it_is_there():
    sent = []

    async def send(message):
        sent.append(message)

    async def answer():
        through = changed(send, lambda body, fields: (body.upper() + b"!", [*fields, (b"x-more", b"1")]))
        headers = [(b"Content-Length", b"5"), (b"Content-Type", b"text/plain")]
        await through({"type": "http.response.start", "status": 201, "headers": headers})
        await through({"type": "http.response.body", "body": b"sev", "more_body": True})
        assert not sent  # the length is not known yet
        await through({"type": "http.response.body", "body": b"en"})

    asyncio.run(answer())
    start, body = sent
    assert (start["status"], body["body"]) == (201, b"SEVEN!")
    assert start["headers"] == [(b"content-type", b"text/plain"), (b"x-more", b"1"), (b"content-length", b"6")]
