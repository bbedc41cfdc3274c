"""Servers that lie: whatever they answer is checked, bounded, and told in one sentence."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

from nbsuite.data.fetch import web, zenodo
from nbsuite.data.fetch.download import fetch
from nbsuite.data.fetch.retries import RetryPolicy, TransientFault
from nbsuite.data.fetch.web import open_url
from nbsuite.data.sessions import Session
from nbsuite.errors import DownloadError
from nbsuite.untrusted.names import fault_of_name

from .flaky_server import Fault, Handler, Server, answer, refuse, running, serve

CONTENT = bytes(range(256)) * 1000
NAME = "indy_20160622_01"
FILE = f"{NAME}.mat"
MD5 = md5(CONTENT, usedforsecurity=False).hexdigest()
PINNED, UNPINNED = Session(NAME, 96, "I1", MD5), Session(NAME, 96)
HASTY = RetryPolicy(attempts=2, first_pause=0.001, longest_pause=0.001)


@pytest.fixture(autouse=True)
def _no_server_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NBSUITE_ZENODO", raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    with running({FILE: CONTENT}) as state:
        yield state


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def get(
    server: Server, folder: Path, session: Session = PINNED, policy: RetryPolicy = HASTY
) -> bytes:
    return fetch(session, folder, server=server.url, policy=policy).read_bytes()


def refused(
    server: Server, folder: Path, session: Session = PINNED, policy: RetryPolicy = HASTY
) -> str:
    """The sentence, of one line, that a fetch ends with; no file has the recording's name."""
    with pytest.raises(DownloadError) as caught:
        get(server, folder, session, policy)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) <= 500
    assert message.endswith(".")
    assert not (folder / FILE).exists()
    return message


def held(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def raw(content: bytes) -> Fault:
    """Answer with these bytes, head and all, and close the connection."""

    def fault(handler: Handler, body: bytes) -> None:
        handler.wfile.write(content)
        handler.break_off()

    return fault


def headed(body: bytes = CONTENT, status: str = "200 OK", **headers: str) -> Fault:
    """Answer with headers of any bytes; names are given with underscores for hyphens."""
    lines = [f"HTTP/1.1 {status}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return raw("\r\n".join([*lines, "", ""]).encode("latin-1") + body)


def endless(head: bytes, piece: bytes, pause: float = 0.0) -> Fault:
    """Answer with a piece again and again, until the client leaves or the test ends."""

    def fault(handler: Handler, body: bytes) -> None:
        handler.wfile.write(head)
        while not handler.server_state.hold.wait(pause):
            handler.wfile.write(piece)
            handler.wfile.flush()

    return fault


# --- Retry-After


@pytest.mark.parametrize(
    "value",
    [
        "\xb2",
        "-5",
        "1e400",
        "0x10",
        "",
        "Fri, 99 Zzz 2020",
        "Thu, 01 Jan 1970 00:00:00 +9999",
        "\0",
    ],
)
def test_a_time_to_wait_that_is_none_is_not_waited_for(
    server: Server, folder: Path, value: str
) -> None:
    server.faults.append(headed(b"", "503 Service Unavailable", Retry_After=value))
    assert get(server, folder) == CONTENT


@pytest.mark.parametrize("value", ["9" * 5000, "Fri, 31 Dec 9999 23:59:59 -2359"])
def test_a_time_to_wait_without_measure(server: Server, folder: Path, value: str) -> None:
    server.faults.append(headed(b"", "429 Too Many Requests", Retry_After=value))
    assert "asks to wait" in refused(server, folder)


# --- redirects


@pytest.mark.parametrize(
    "location",
    [
        "http://[::1",
        "http://[]/",
        "http://127.0.0.1:99999999/",
        "http://127.0.0.1:x/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "data:text/plain,x",
        "javascript:x",
        "http://a b/",
        "http://\xff\xfe/",
        "http://" + "x" * 300 + ".invalid/",
        "http://a..b/",
        "//[",
    ],
)
def test_a_redirect_to_no_address(server: Server, folder: Path, location: str) -> None:
    server.faults.append(headed(b"", "302 Found", Location=location))
    refused(server, folder)
    assert len(server.asked) == 1


def test_a_redirect_that_gives_up_encryption() -> None:
    assert web._target("https://zenodo.org/x", "http://zenodo.org/y") is None
    assert web._target("https://zenodo.org/x", "/y") == "https://zenodo.org/y"
    assert web._target("http://127.0.0.1/x", "https://zenodo.org/y") == "https://zenodo.org/y"


def test_redirects_are_followed_with_the_range(server: Server, folder: Path) -> None:
    folder.mkdir()
    (folder / f"{FILE}.part").write_bytes(CONTENT[:1000])
    server.faults.extend([headed(b"", "302 Found", Location=f"/records/files/{FILE}")] * 3)
    assert get(server, folder) == CONTENT
    assert server.ranges == ["bytes=1000-"] * 4


def test_redirects_in_a_circle(server: Server, folder: Path) -> None:
    server.faults.extend([headed(b"", "302 Found", Location=f"/records/files/{FILE}")] * 50)
    assert "more than 10 times" in refused(server, folder)
    assert len(server.asked) == 11


def test_the_body_of_a_redirect_is_not_read(server: Server, folder: Path) -> None:
    head = f"HTTP/1.1 302 Found\r\nLocation: /records/files/{FILE}\r\n\r\n".encode()
    server.faults.append(endless(head, b"x" * 1000))
    assert get(server, folder) == CONTENT


# --- heads


@pytest.mark.parametrize("length", ["\xb2", "-5", "9" * 5000, "abc", "", "\x0b5"])
def test_a_length_that_is_none(server: Server, folder: Path, length: str) -> None:
    server.faults.extend([headed(Content_Length=length)] * 2)
    try:
        assert get(server, folder) == CONTENT
    except DownloadError:
        assert not (folder / FILE).exists()


@pytest.mark.parametrize(
    "stated",
    [
        "bytes 1000-5/256000",
        "bytes 1000-255999/1000",
        "bytes 1000-256000/256000",
        f"bytes 1000-{'9' * 5000}/*",
        "bytes \xb2-5/9",
        "bytes -5-9/9",
        "bytes",
        "",
        "lines 1000-255999/256000",
    ],
)
def test_a_range_that_is_none_is_asked_for_anew(server: Server, folder: Path, stated: str) -> None:
    folder.mkdir()
    (folder / f"{FILE}.part").write_bytes(CONTENT[:1000])
    server.faults.append(headed(b"other", "206 Partial Content", Content_Range=stated))
    assert get(server, folder) == CONTENT
    assert server.ranges == ["bytes=1000-", None]


@pytest.mark.parametrize(
    "tag", ['"' + "x" * 5000 + '"', '"\x1b[2J"', '"\xff"', '"a" "b"', "no quotes", 'W/"weak"', '"']
)
def test_a_tag_that_is_none_is_not_kept(server: Server, folder: Path, tag: str) -> None:
    length = str(len(CONTENT))
    server.faults.append(headed(CONTENT[:1000], ETag=tag, Content_Length=length))
    server.faults.append(refuse(500))
    refused(server, folder)
    assert held(folder) == [f"{FILE}.part"]
    assert get(server, folder) == CONTENT
    assert server.asked[-1][1]["If-Range"] is None


@pytest.mark.parametrize("note", [b'"a"\r\nX-Injected: 1', b"\xff", b'"' + b"x" * 9999 + b'"', b""])
def test_a_tag_on_the_disk_that_is_none_is_not_sent(
    server: Server, folder: Path, note: bytes
) -> None:
    folder.mkdir()
    (folder / f"{FILE}.part").write_bytes(CONTENT[:1000])
    (folder / f"{FILE}.part.etag").write_bytes(note)
    assert get(server, folder) == CONTENT
    assert server.asked[0][1]["If-Range"] is None
    assert server.asked[0][1]["X-Injected"] is None


def test_a_tag_is_not_written_through_a_link(server: Server, folder: Path) -> None:
    folder.mkdir()
    mine = folder / "mine"
    mine.write_text("mine")
    (folder / f"{FILE}.part.etag").symlink_to(mine)
    assert get(server, folder) == CONTENT
    assert mine.read_text() == "mine"


@pytest.mark.parametrize(
    "status", ["204 No Content", "304 Not Modified", "300 Many", "226 IM Used"]
)
def test_a_status_without_the_file(server: Server, folder: Path, status: str) -> None:
    server.faults.append(headed(b"", status))
    assert f"answers {status[:3]}" in refused(server, folder)
    assert held(folder) == []


def test_a_status_that_would_fill_the_terminal(server: Server, folder: Path) -> None:
    server.faults.extend([headed(b"", "503 \x1b[2J" + "x" * 5000)] * 2)
    assert "to resume" in refused(server, folder)


@pytest.mark.parametrize(
    "head", [b"", b"\0" * 100, b"HTTP/9.9 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200]
)
def test_no_http_at_all(server: Server, folder: Path, head: bytes) -> None:
    server.faults.append(raw(head))
    assert get(server, folder) == CONTENT


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "x\x1b"])
def test_a_body_in_a_code_is_refused(server: Server, folder: Path, coding: str) -> None:
    server.faults.append(headed(Content_Encoding=coding))
    assert "encoded as" in refused(server, folder)
    assert held(folder) == []


# --- bodies without end, and bodies that drip

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "piece"), [(CHUNKED, b"3e8\r\n" + bytes(1000) + b"\r\n"), (PLAIN, bytes(1000))]
)
def test_a_body_without_end_is_cut_off(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch, head: bytes, piece: bytes
) -> None:
    monkeypatch.setattr(zenodo, "LARGEST_FILE", 1_000_000)
    server.faults.append(endless(head, piece))
    assert "more than the 1,000,000 bytes" in refused(server, folder)
    assert held(folder) == []


def test_a_body_beyond_its_published_size_is_cut_off(server: Server, folder: Path) -> None:
    server.faults.extend([serve, endless(CHUNKED, b"3e8\r\n" + bytes(1000) + b"\r\n")])
    assert "more than the 256,000 bytes" in refused(server, folder, UNPINNED)
    assert held(folder) == []


def test_a_length_beyond_the_published_size_is_refused_at_once(
    server: Server, folder: Path
) -> None:
    server.faults.extend([serve, headed(b"", Content_Length="256001")])
    assert "more than the 256,000 bytes" in refused(server, folder, UNPINNED)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (PLAIN, b"x"),
        (CHUNKED, b"1\r\nx\r\n"),
        (CHUNKED, b"0"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 O", b"K"),
    ],
    ids=["body", "chunks", "length of a chunk", "headers", "continue", "status"],
)
def test_an_answer_that_drips(server: Server, folder: Path, head: bytes, piece: bytes) -> None:
    server.faults.extend([endless(head, piece, pause=0.01)] * 2)
    message = refused(server, folder, policy=replace(HASTY, pace_timeout=0.2))
    assert "too slow" in message or "broke off" in message
    assert len(server.asked) == 2


def test_a_byte_an_attempt_is_no_progress(server: Server, folder: Path) -> None:
    server.honours_range = False
    server.faults.extend(
        headed(CONTENT[at : at + 1], "206 Partial Content", Content_Range=f"bytes {at}-{at}/256000")
        for at in range(50)
    )
    refused(server, folder)
    assert len(server.asked) == HASTY.attempts
    assert (folder / f"{FILE}.part").stat().st_size == HASTY.attempts


def test_the_length_of_a_chunk_does_not_fill_the_memory(server: Server, folder: Path) -> None:
    server.faults.extend([endless(CHUNKED, b"0" * (1 << 20))] * 2)
    tracemalloc.start()
    try:
        refused(server, folder)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


def test_what_is_not_taken_is_left() -> None:
    with running({FILE: CONTENT}) as server, open_url(f"{server.url}/files/{FILE}", HASTY) as found:
        assert found.status == 200


# --- the record's list

ENTRY = {"key": FILE, "size": len(CONTENT), "checksum": f"md5:{MD5}"}


def listing(*entries: object) -> bytes:
    return json.dumps({"files": entries}).encode()


LISTINGS = {
    "deep": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "not UTF-8": b"\xff\xfe{}",
    "a number without end": b'{"files": [], "x": ' + b"9" * 10_000 + b"}",
    "not a number": b'{"files": [], "x": NaN}',
    "files that are a number": b'{"files": 5}',
    "files that are an object": b'{"files": {"a": 1}}',
    "an entry that is a number": listing(5),
    "size as text": listing(ENTRY | {"size": "5"}),
    "negative size": listing(ENTRY | {"size": -5}),
    "size of a fraction": listing(ENTRY | {"size": 1.5}),
    "no size": listing(ENTRY | {"size": 0}),
    "huge size": listing(ENTRY | {"size": 1 << 50}),
    "true size": listing(ENTRY | {"size": True}),
    "key of a number": listing(ENTRY | {"key": 5}),
    "md5 of a number": listing(ENTRY | {"checksum": 5}),
    "md5 of a path": listing(ENTRY | {"checksum": "md5:../../../x"}),
    "md5 in capitals": listing(ENTRY | {"checksum": f"md5:{'A' * 32}"}),
    "another digest": listing(ENTRY | {"checksum": "sha256:" + "a" * 64}),
    "twice": listing(ENTRY, ENTRY),
    "an entry without a size": listing({"key": FILE}),
    "HTML": b"<html>",
    "an array": b"[]",
    "null": b"null",
    "nothing": b"",
    "large": b" " * (5 << 20),
}


@pytest.mark.parametrize("content", LISTINGS.values(), ids=LISTINGS)
def test_a_list_that_is_none(
    server: Server, folder: Path, cache_folder: Path, content: bytes
) -> None:
    server.faults.append(answer(content))
    wanted = "does not answer with the record's list of files"
    assert wanted in refused(server, folder, UNPINNED)
    assert list(cache_folder.iterdir()) == []


def test_a_list_without_end(server: Server, folder: Path) -> None:
    server.faults.append(endless(CHUNKED, b"3e8\r\n" + b" " * 1000 + b"\r\n"))
    assert "record's list of files" in refused(server, folder, UNPINNED)


def test_names_that_no_recording_has_are_left_out(
    server: Server, folder: Path, cache_folder: Path
) -> None:
    odd = [ENTRY | {"key": name} for name in ("../../x", "/etc/passwd", "\x1b[2J", "", "é")]
    server.faults.append(answer(listing(*odd, ENTRY | {"links": {"self": "x"}})))
    assert get(server, folder, UNPINNED) == CONTENT
    (memory,) = cache_folder.glob("record-*.json")
    assert json.loads(memory.read_text()) == {FILE: {"size": len(CONTENT), "md5": MD5}}


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b"{",
        b"null",
        b"[1]",
        b"\xff",
        b'{"%s": 5}' % FILE.encode(),
        b'{"%s": {"size": 1, "md5": "x"}}' % FILE.encode(),
        b'{"%s": {"size": -1, "md5": "%s"}}' % (FILE.encode(), MD5.encode()),
        b'{"%s": {"size": 1, "md5": 5}}' % FILE.encode(),
    ],
)
def test_a_damaged_memory_of_the_list(
    server: Server, folder: Path, cache_folder: Path, content: bytes
) -> None:
    get(server, folder, UNPINNED)
    (memory,) = cache_folder.glob("record-*.json")
    memory.write_bytes(content)
    (folder / FILE).unlink()
    assert get(server, folder, UNPINNED) == CONTENT


@pytest.mark.parametrize(
    ("server", "name"),
    [
        ("https://zenodo.org", "record-583331-zenodo.org.json"),
        ("http://127.0.0.1:80/x", "record-583331-127.0.0.1-80.json"),
        ("http://[::1]:80", None),
        ("http://" + "x" * 300, None),
        ("http://..", None),
    ],
)
def test_the_list_is_remembered_by_server(server: str, name: str | None, tmp_path: Path) -> None:
    path = zenodo._listing_path(server)
    assert path.parent == tmp_path / "own-cache"
    assert name is None or path.name == name
    assert fault_of_name(path.name) is None


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda memory: memory.symlink_to(memory)])
def test_something_else_in_the_place_of_the_memory(
    server: Server, folder: Path, cache_folder: Path, make: Any
) -> None:
    make(zenodo._listing_path(server.url))
    assert get(server, folder, UNPINNED) == CONTENT


def test_a_cache_that_cannot_be_written_costs_a_question(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBSUITE_CACHE", "/dev/null")
    assert get(server, folder, UNPINNED) == CONTENT


# --- the server that is named


ADDRESSES = [
    "zenodo",
    "http://",
    "http://[::1",
    "http://127.0.0.1:99999999",
    "http://127.0.0.1:x",
    "http://127.0.0.1:0",
    "file:///etc",
    "ftp://zenodo.org",
    "http://a b",
    "http://a\x1b[2J",
    "http://a\nb",
    "http://zenodo.org?x",
    "http://zenodo.org#x",
    "\udcff",
    "///",
    "x" * 10_000,
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_none(
    folder: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBSUITE_ZENODO", address)
    with pytest.raises(DownloadError, match=r"is no address of a server.*NBSUITE_ZENODO") as caught:
        fetch(PINNED, folder, policy=HASTY)
    assert str(caught.value).isprintable()
    assert not folder.exists()


@pytest.mark.parametrize("address", ["http://" + "x" * 300, "http://a..b", "http://\xff.invalid"])
def test_an_address_that_nobody_has(folder: Path, address: str) -> None:
    with pytest.raises(DownloadError) as caught:
        fetch(PINNED, folder, server=address, policy=HASTY)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "proxy", ["http://[::1", "nonsense", "foo://x", "http://", "http://a:b:c", "é"]
)
def test_a_proxy_that_is_none(
    server: Server, folder: Path, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    refused(server, folder)


def test_certificates_that_are_not_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")
    with pytest.raises(DownloadError, match=r"cannot be fetched .*/nowhere/bundle.pem"):
        fetch(PINNED, folder, server="https://127.0.0.1:9", policy=HASTY)


def test_who_asks_is_not_told(folder: Path) -> None:
    with running({}) as gone:
        pass
    address = gone.url.replace("http://", "http://user:secret@")
    with pytest.raises(DownloadError) as caught:
        fetch(PINNED, folder, server=address, policy=HASTY)
    assert "secret" not in str(caught.value)


# --- what lies in the way


@pytest.mark.parametrize("name", [FILE, f"{FILE}.part"])
@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_something_else_in_the_place_of_the_file(
    server: Server, folder: Path, name: str, make: Any
) -> None:
    folder.mkdir()
    make(folder / name)
    with pytest.raises(DownloadError, match=r"is in the way and no file|leads nowhere"):
        get(server, folder)
    assert held(folder) == [name]
    assert server.asked == []


def test_a_folder_in_the_place_of_the_lock_is_said(server: Server, folder: Path) -> None:
    lock = folder / f".{FILE}.lock"
    lock.mkdir(parents=True)
    assert str(lock) in refused(server, folder)


def test_bytes_begun_are_not_written_through_a_link(server: Server, folder: Path) -> None:
    folder.mkdir()
    (folder / "mine").write_text("mine")
    (folder / f"{FILE}.part").symlink_to(folder / "mine")
    with pytest.raises(DownloadError, match="is in the way"):
        get(server, folder)
    assert (folder / "mine").read_text() == "mine"


def test_what_a_killed_run_left_beside_the_file_is_removed(server: Server, folder: Path) -> None:
    get(server, folder)
    (folder / f"{FILE}.part.etag").write_text('"tag"')
    get(server, folder)
    assert held(folder) == [FILE]


def test_a_tag_never_stands_beside_bytes_of_another_version(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is killed at any moment leaves what can be resumed."""
    folder.mkdir()
    partial = folder / f"{FILE}.part"
    partial.write_bytes(b"old" * 100)
    partial.with_name(f"{FILE}.part.etag").write_text('"old"')

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("nbsuite.data.fetch.transfer._append_body", killed)
        with pytest.raises(KeyboardInterrupt):
            get(server, folder)
    assert get(server, folder) == CONTENT


def test_an_error_of_the_thread_that_reads_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(web.requests.Session, "get", bug)
    with pytest.raises(ZeroDivisionError), open_url("http://127.0.0.1", HASTY):
        pass


def test_faults_are_one_line() -> None:
    assert str(TransientFault("a\nb\x1b")) == "a b?"
