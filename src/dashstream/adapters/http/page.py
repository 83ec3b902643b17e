"""The page: static files from the package, under a strict content security policy.

Files with a content hash in their name are immutable; the document that names them is always asked for again.
A path that names no file is the page's own (a deep link), unless it looks like a file or belongs to the API.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from dashstream.adapters.http.problems import Problem

IMMUTABLE = "public, max-age=31536000, immutable"
RESERVED = ("api", "v1", "ws", "metrics", "healthz", "readyz", "openapi.json")
"""First path segments that are never the page's."""

MISSING = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>DashStream</title></head>
<body>
<h1>The gateway is running; its page is not built</h1>
<p>This is a source checkout without the built page. Build it with <code>make setup</code>, then reload.</p>
<p>The <a href="/openapi.json">HTTP API</a> works without it, and so do <code>dashstream runs</code>,
<code>dashstream tail</code> and <code>dashstream state</code>.</p>
</body></html>
"""


def content_security_policy(host: str) -> str:
    """Return the policy of the page: nothing from elsewhere, no inline script, a socket to this host only.

    Inline styles stay allowed: the dialog and menu primitives set a style element while they are open.
    """
    rules = {
        "default-src": "'self'",
        "script-src": "'self'",
        "worker-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "connect-src": f"'self' ws://{host} wss://{host}",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def page_response(root: Path, request: Request) -> Response:
    """Answer a request for the page or one of its files.

    Raises:
        Problem: 404 for a file that is not there and for paths of the API; 405 for other methods.
    """
    path = request.url.path
    segments = [segment for segment in path.split("/") if segment]
    if segments and segments[0] in RESERVED:
        raise Problem(404, "not_found", "there is nothing at this address")
    if request.method not in {"GET", "HEAD"}:
        raise Problem(405, "method_not_allowed", "the page is only read", {"Allow": "GET, HEAD"})
    file = _file_at(root, segments)
    if file is not None:
        immutable = segments[0] == "assets"
        return FileResponse(file, headers={"Cache-Control": IMMUTABLE if immutable else "no-cache"})
    if segments and "." in segments[-1]:
        raise Problem(404, "not_found", "the page has no such file")
    return _document(root, request)


def _file_at(root: Path, segments: list[str]) -> Path | None:
    """Return the file below ``root`` that the path names, if it is one."""
    if not segments or any(segment.startswith(".") or "\\" in segment or "\0" in segment for segment in segments):
        return None
    file = root.joinpath(*segments)
    try:
        inside = file.resolve().is_relative_to(root.resolve())
        return file if inside and file.is_file() else None
    except OSError:
        return None


def _document(root: Path, request: Request) -> Response:
    index = root / "index.html"
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": content_security_policy(request.headers.get("host", "")),
    }
    if not index.is_file():
        return HTMLResponse(MISSING, 503, headers)
    return FileResponse(index, headers=headers, media_type="text/html")
