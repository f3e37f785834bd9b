"""A mail sink: takes mails by SMTP and shows them by HTTP, with the part of Mailpit's API that we use."""

import argparse
import asyncio
import html
from pathlib import Path
from typing import Any

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from stack.mail_tray import Mail, Tray
from stack.places import HOST

PAGE = """<!doctype html><html lang="sv"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px sans-serif;margin:2em;max-width:60em}}td,th{{text-align:left;padding:.2em 1em .2em 0}}
pre{{white-space:pre-wrap}}</style><h1>{title}</h1>{body}</html>"""
MOST = 1000


class Refusal:
    """With which code every recipient is refused; 0: none is. A full disk is 452."""

    code = 0


class Letterbox:
    """Puts what comes by SMTP in the tray."""

    def __init__(self, tray: Tray, refusal: Refusal) -> None:
        """Keeps the tray, and whether anything goes into it."""
        self._tray, self._refusal = tray, refusal

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Takes a recipient, unless told to refuse all."""
        if self._refusal.code:
            return f"{self._refusal.code} refused, as was asked for"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keeps one delivery and says so; aiosmtpd gives the method its name."""
        content = envelope.content or b""
        self._tray.add(envelope.mail_from or "", envelope.rcpt_tos, content if isinstance(content, bytes) else b"")
        return "250 2.0.0 Ok"


def create_app(tray: Tray, refusal: Refusal) -> Starlette:
    """The page and the API over one tray."""

    async def page(request: Request) -> Response:
        return HTMLResponse(_list_page(tray))

    async def one_page(request: Request) -> Response:
        return HTMLResponse(_mail_page(_wanted(tray, request)))

    async def messages(request: Request) -> Response:
        if request.method == "DELETE":
            tray.clear()
            return PlainTextResponse("ok")
        start, limit = _number(request, "start", 0), _number(request, "limit", 50)
        return JSONResponse(_list_answer(tray, start, min(limit, MOST)))

    async def message(request: Request) -> Response:
        return JSONResponse(_wanted(tray, request).whole())

    async def chaos(request: Request) -> Response:
        refusal.code = _code(await request.json())
        return JSONResponse({"Recipient": {"ErrorCode": refusal.code, "Probability": 100 if refusal.code else 0}})

    return Starlette(
        routes=[
            Route("/", page),
            Route("/view/{id}", one_page),
            Route("/api/v1/messages", messages, methods=["GET", "DELETE"]),
            Route("/api/v1/message/{id}", message),
            Route("/api/v1/chaos", chaos, methods=["PUT"]),
        ]
    )


def _wanted(tray: Tray, request: Request) -> Mail:
    mail = tray.get(request.path_params["id"])
    if mail is None:
        raise HTTPException(404, "message not found")
    return mail


def _number(request: Request, name: str, usual: int) -> int:
    text = request.query_params.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise HTTPException(400, f"{name} must be a number")
    return int(text or usual)


def _code(told: Any) -> int:
    """The code of {"Recipient": {"ErrorCode": 452, "Probability": 100}}; Mailpit knows more, we refuse all or none."""
    try:
        code, probability = int(told["Recipient"]["ErrorCode"]), int(told["Recipient"]["Probability"])
    except (KeyError, TypeError, ValueError):
        raise HTTPException(400, "Recipient with ErrorCode and Probability is asked for") from None
    if probability not in (0, 100) or not 400 <= code <= 599:
        raise HTTPException(400, "ErrorCode is 400 to 599, Probability 0 or 100")
    return code if probability else 0


def _list_answer(tray: Tray, start: int, limit: int) -> dict[str, Any]:
    mails = [mail.summary() for mail in tray.page(start, limit)]
    return {"total": len(tray), "messages_count": len(tray), "start": start, "count": len(mails), "messages": mails}


def _list_page(tray: Tray) -> str:
    rows = "".join(_row(mail) for mail in tray.page(0, 200))
    head = "<tr><th>Tid / Time<th>Till / To<th>Ämne / Subject</tr>"
    return PAGE.format(title=f"Brevkorg / Mail tray ({len(tray)})", body=f"<table>{head}{rows}</table>")


def _row(mail: Mail) -> str:
    shown = mail.summary()
    to = html.escape(", ".join(person["Address"] for person in shown["To"]))
    subject = html.escape(shown["Subject"] or "-")
    return f'<tr><td>{mail.at[:19]}<td>{to}<td><a href="/view/{mail.id}">{subject}</a></tr>'


def _mail_page(mail: Mail) -> str:
    shown = mail.whole()
    to = html.escape(", ".join(person["Address"] for person in shown["To"]))
    body = (
        f'<p>{mail.at[:19]}, till / to {to}</p><pre>{html.escape(shown["Text"])}</pre><p><a href="/">Alla / All</a></p>'
    )
    return PAGE.format(title=html.escape(shown["Subject"]), body=body)


async def serve(smtp_port: int, http_port: int, tray: Tray) -> None:
    """Serves both doors on this machine until SIGTERM."""
    refusal = Refusal()
    letterbox = Letterbox(tray, refusal)
    loop = asyncio.get_running_loop()
    config = uvicorn.Config(create_app(tray, refusal), host=HOST, port=http_port, log_level="warning", access_log=False)
    async with await loop.create_server(lambda: SMTP(letterbox, enable_SMTPUTF8=True, loop=loop), HOST, smtp_port):
        await uvicorn.Server(config).serve()


def main() -> None:
    """Reads ports and file from the command line and serves."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--smtp-port", type=int, required=True)
    options.add_argument("--http-port", type=int, required=True)
    options.add_argument("--file", type=Path, required=True)
    given = options.parse_args()
    asyncio.run(serve(given.smtp_port, given.http_port, Tray(given.file)))


if __name__ == "__main__":
    main()
