"""What is served of the page's folder, and what never is."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import FileResponse

from dashstream.adapters.http.page import IMMUTABLE, page_response
from dashstream.adapters.http.problems import Problem


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A built page, with files beside and below it that are nobody's business."""
    (tmp_path / "secret.txt").write_text("secret")
    made = tmp_path / "page"
    (made / "assets").mkdir(parents=True)
    (made / "index.html").write_text("the page")
    (made / "icon.svg").write_text("icon")
    (made / "assets" / "app-1a2b.js").write_text("script")
    (made / ".env").write_text("secret")
    (made / "out.txt").symlink_to(tmp_path / "secret.txt")
    (made / "in.txt").symlink_to(made / "icon.svg")
    return made


def asked(root: Path, path: str, method: str = "GET") -> tuple[str, str]:
    """Return the content that is sent for a path, and how long it may be kept."""
    scope = {"type": "http", "method": method, "path": path, "headers": [(b"host", b"here")], "query_string": b""}
    response = page_response(root, Request({**scope, "scheme": "http", "server": ("here", 80)}))
    assert isinstance(response, FileResponse)
    return Path(response.path).read_text(), response.headers["cache-control"]


def test_files_with_a_hash_are_kept_and_all_others_asked_for_again(root: Path) -> None:
    assert asked(root, "/assets/app-1a2b.js") == ("script", IMMUTABLE)
    assert asked(root, "/icon.svg") == ("icon", "no-cache")
    assert asked(root, "/in.txt") == ("icon", "no-cache")


@pytest.mark.parametrize("path", ["/", "/runs/some%2Frun", "/runs/v1", "/schemas/../runs"])
def test_a_path_of_no_file_is_the_page_s_own(root: Path, path: str) -> None:
    assert asked(root, path) == ("the page", "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "/out.txt",
        "/.env",
        "/assets/../.env",
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/assets/..\\..\\..\\secret.txt",
        "/icon.svg\0.txt",
        "/assets/missing.js",
        "/api/v1/nothing",
        "/metrics/x",
    ],
)
def test_what_is_not_the_page_s_is_not_there(root: Path, path: str) -> None:
    with pytest.raises(Problem) as problem:
        asked(root, path)
    assert problem.value.status == 404


@pytest.mark.parametrize("path", ["/", "/icon.svg"])
def test_the_page_is_only_read(root: Path, path: str) -> None:
    assert asked(root, path, "HEAD")[1] == "no-cache"
    with pytest.raises(Problem) as problem:
        asked(root, path, "POST")
    assert (problem.value.status, problem.value.headers) == (405, {"Allow": "GET, HEAD"})
