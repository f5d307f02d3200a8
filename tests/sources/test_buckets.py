"""A series that lies in a bucket gives the findings that it gives as files; and what a bucket answers when it does not."""

from __future__ import annotations

import logging
import os
import re
import ssl
import sys
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest
import trustme
from alloclens.profile.formats import read
from alloclens.sources import buckets, collect, retry, stored
from alloclens.sources.address import bucket

from tests.support import azure, gcs
from tests.support.kept import LEAK, MOMENT, SNAPSHOTS, findings, run, settings, workspace
from tests.support.profiles import heap
from tests.support.server import profile_server

boto3 = pytest.importorskip("boto3", reason="the extra alloclens[buckets] is not installed")
pytest.importorskip("obstore", reason="the extra alloclens[buckets] is not installed")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUCKET = "profiles"
HEAP = heap("main.keep@/w/main.go:9 = 2x1048576")
SECRET = "s3cret-k3y"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """Serve S3 in this process, and return its URL."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the user credentials for AWS as its tools keep them, and nothing else."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "GOOGLE_SERVICE_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "aws").write_text(f"[default]\naws_access_key_id = AKID\naws_secret_access_key = {SECRET}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(retry, "PAUSE_SECONDS", 0.0)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    buckets._store.cache_clear()


@pytest.fixture
def s3(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a client of S3 with one empty bucket."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    urlopen(Request(f"{moto}/moto-api/reset", method="POST")).close()


def fetched(folder: Path, url: str, *arguments: object) -> Any:
    """Fetch from a bucket that is allowed, all that there is."""
    settings(folder, url, kind={"gs": "gcs", "s3": "s3", "https": "azure"}[url.partition(":")[0]])
    result = run("fetch", "--into", folder / "into", *(arguments or ("--since", "2h", "--every", "1s")))
    assert SECRET not in result.output
    return result


def named(i: int = 0) -> str:
    """Return a name with a time in it, so many minutes ago."""
    return f"{datetime.fromtimestamp(time.time() - 60 * i, timezone.utc):%Y-%m-%dT%H:%M:%SZ}.pprof"


def as_objects(kept: Path) -> dict[str, bytes]:
    """Return the snapshots of all processes as objects, named by their times."""
    found = {}
    for path in sorted(kept.rglob("*.pb.gz")):
        taken = datetime.fromtimestamp(read(path.read_bytes()).time_nanos / 1e9, timezone.utc)
        found[f"prod/api/{path.parent.name}/heap-{taken:%Y%m%dT%H%M%S.%f}Z.pb.gz"] = path.read_bytes()
    return found


def check_findings(tmp_path: Path, into: Path) -> None:
    for pod, leaks in (("api-a", True), ("api-b", False)):
        expected = findings(tmp_path / "kept/api" / pod)
        assert findings(into / "api" / pod) == expected
        assert any(f["line"] == LEAK and f["verdict"] == "leak" for f in expected) == leaks


@pytest.mark.slow
def test_the_findings_are_those_of_the_files(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = workspace(tmp_path, monkeypatch)
    objects = as_objects(tmp_path / "kept")
    for name, data in objects.items():
        s3.put_object(Bucket=BUCKET, Key=name, Body=data)
    s3.put_object(Bucket=BUCKET, Key="product/api/x/other", Body=b"of another path")
    first = fetched(folder, f"s3://{BUCKET}/prod")
    assert (first.exit_code, first.stderr, len(first.stdout.splitlines())) == (0, "", 2 * SNAPSHOTS)
    assert sorted(path.read_bytes() for path in (folder / "into").rglob("*.gz")) == sorted(objects.values())
    check_findings(tmp_path, folder / "into")
    asked = run("sources").stdout
    assert asked == (
        f"prod: s3 at s3://{BUCKET}/prod, with your own credentials: 80 objects, 80 of them heaps of the last hour\n"
    )


@pytest.mark.slow
def test_the_same_from_google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = workspace(tmp_path, monkeypatch)
    with gcs.serving(as_objects(tmp_path / "kept"), tmp_path, monkeypatch):
        first = fetched(folder, f"gs://{BUCKET}/prod/")
        assert (first.exit_code, first.stderr, len(first.stdout.splitlines())) == (0, "", 2 * SNAPSHOTS)
        assert fetched(folder, f"gs://{BUCKET}/prod/").stderr == "prod: nothing new\n"
    check_findings(tmp_path, folder / "into")


@pytest.mark.slow
def test_the_same_from_azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = workspace(tmp_path, monkeypatch)
    objects = as_objects(tmp_path / "kept") | {"product/x": b"of another path"}
    with azure.serving(objects, monkeypatch) as server:
        first = fetched(folder, f"{azure.URL}/prod")
        assert (first.exit_code, first.stderr, len(first.stdout.splitlines())) == (0, "", 2 * SNAPSHOTS)
        assert fetched(folder, f"{azure.URL}/prod").stderr == "prod: nothing new\n"
    assert all(seen["authorization"].startswith(f"SharedKey {azure.ACCOUNT}:") for seen in server.seen)
    check_findings(tmp_path, folder / "into")


@pytest.mark.programs
@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script")
def test_who_is_logged_in_to_azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`az account get-access-token`, as its reference describes it. Nobody answers here, so the token is not sent."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    for name in buckets.OF_AZURE:
        monkeypatch.delenv(name, raising=False)
    az = programs / "az"
    az.write_text("#!/bin/sh\necho \"ERROR: Please run 'az login' to setup account.\" >&2\nexit 1\n")
    az.chmod(0o755)
    assert fetched(tmp_path, azure.URL).stderr == f"prod: {azure.URL}: az gives no token; `az login` signs in\n"
    answer = f'{{"accessToken": "{SECRET}", "expiresOn": "2026-11-30 02:00:00.0", "expires_on": 1796000000}}'
    az.write_text(f'#!/bin/sh\n[ "$*" = "{" ".join(buckets.AZ_TOKEN)}" ] && echo \'{answer}\'\n')
    given = buckets._of_az(bucket(azure.URL))
    expected = {"token": SECRET, "expires_at": datetime.fromtimestamp(1796000000, timezone.utc)}
    assert [given(), given()] == [expected] * 2
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", "sv=x")
    assert buckets._of_az(bucket(azure.URL)) is None


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (
            404,
            "<Code>ContainerNotFound</Code><Message>There is none.\nRequestId:1\nTime:2026</Message>",
            "404 Not Found (is there such a bucket?): ContainerNotFound: There is none.\n",
        ),
        (403, "", "403 Forbidden (may you list and read it? `az login` signs in)\n"),
    ],
)
def test_a_refusal_by_azure_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, body: str, words: str
) -> None:
    with azure.serving({}, monkeypatch) as server:
        server.status, server.answers, server.body = status, None, f"<Error>{body}</Error>".encode()
        assert fetched(tmp_path, azure.URL).stderr == f"prod: {azure.URL}: the server answered {words}"


def test_only_what_is_new_is_fetched(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"api/{named(5)}", Body=HEAP)
    assert len(fetched(tmp_path, f"s3://{BUCKET}").stdout.splitlines()) == 1
    s3.put_object(Bucket=BUCKET, Key=f"api/{named(3)}", Body=HEAP)
    got: list[str] = []
    parts = buckets.BUCKET.parts

    def seen(remote: Any, listing: Any, snapshot: Any) -> list[bytes]:
        got.append(snapshot.key)
        return parts(remote, listing, snapshot)

    monkeypatch.setitem(collect.SOURCES, "s3", buckets.BUCKET._replace(parts=seen))
    assert len(fetched(tmp_path, f"s3://{BUCKET}").stdout.splitlines()) == len(got) == 1


def test_what_is_taken_of_a_bucket(s3: Any, tmp_path: Path) -> None:
    minute = named(1)
    for name in (f"api/a/heap-{minute}", f"api/b/{minute}", f"api/x/goroutine-{minute}", f"api/y/cpu.{minute}"):
        s3.put_object(Bucket=BUCKET, Key=name, Body=HEAP)
    s3.put_object(Bucket=BUCKET, Key=f"a b/.c/d?%2F/{minute}", Body=HEAP)
    s3.put_object(Bucket=BUCKET, Key=f"api/c/{named(600)}", Body=HEAP)
    s3.put_object(Bucket=BUCKET, Key="now.pprof", Body=HEAP)
    s3.put_object(Bucket=BUCKET, Key="notes/now.txt", Body=b"no profile")
    result = fetched(tmp_path, f"s3://{BUCKET}")
    found = sorted(str(path.parent.relative_to(tmp_path / "into")) for path in (tmp_path / "into").rglob("*.gz"))
    assert [re.sub(r"-[0-9a-f]{8}", "-#", name) for name in found] == [
        "a_b-#/c-#+d__2F-#",
        "api/a",
        "api/b",
        "unnamed/all",
    ]
    assert "is left out: not a profile alloclens knows" in result.stderr
    assert result.exit_code == 0


@pytest.mark.parametrize("bad", ["../..", "a//b"])
def test_a_name_that_is_not_a_path(s3: Any, tmp_path: Path, bad: str) -> None:
    s3.put_object(Bucket=BUCKET, Key="a/", Body=b"")  # how consoles keep an empty directory
    s3.put_object(Bucket=BUCKET, Key=f"{bad}/{named()}", Body=HEAP)
    said = fetched(tmp_path, f"s3://{BUCKET}").stderr
    assert re.sub(r"\d+-.*pprof", "#", said) == (
        f'prod: s3://{BUCKET}: an object is named "{bad}/#", which is not a path: use a path in `url` that it is not below\n'
    )


def test_nothing_is_asked_before_it_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with profile_server() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        (tmp_path / "alloclens.toml").write_text(
            '[[sources]]\nname = "prod"\ntype = "s3"\nurl = "s3://profiles/prod"\n'
        )
        refusal = run("fetch").stderr
        assert server.seen == []
    assert refusal == (
        "prod: s3 at s3://profiles/prod, with your own credentials is not asked until `alloclens sources allow prod` allows it\n"
    )


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, "", "answered 401 Unauthorized (`aws configure` or `aws sso login` signs in"),
        (403, "<Code>AccessDenied</Code><Message>No</Message>", "AWS_PROFILE chooses the profile): AccessDenied: No"),
        (403, "", "answered 403 Forbidden (may you list and read it? `aws configure`"),
        (
            400,
            "<Code>ExpiredToken</Code><Message>It has expired.</Message>",
            "and AWS_PROFILE chooses the profile): ExpiredToken: It has expired.",
        ),
        (
            503,
            "<Code>SlowDown</Code><Message>Slow</Message>",
            "(ask for less with --since and --every): SlowDown: Slow;",
        ),
        (301, "", "the bucket is in another region: set AWS_REGION to the region of the bucket"),
    ],
)
def test_a_refusal_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, body: str, words: str
) -> None:
    with profile_server() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        server.status, server.body = status, f"<Error>{body}</Error>".encode() if body else b""
        result = fetched(tmp_path, "s3://profiles/prod")
    assert (result.exit_code, words in result.stderr) == (1, True), result.stderr
    assert result.stderr.count("; trying ") == (2 if status == 503 else 0)
    assert "Debug source" not in result.stderr


@pytest.mark.usefixtures("s3")
def test_no_such_bucket(tmp_path: Path) -> None:
    said = fetched(tmp_path, "s3://another").stderr
    assert said == (
        "prod: s3://another: the server answered 404 Not Found (is there such a bucket?): NoSuchBucket: "
        "The specified bucket does not exist\n"
    )


@pytest.mark.usefixtures("s3")
def test_an_empty_path(tmp_path: Path) -> None:
    said = f"prod: s3://{BUCKET}/prod has no objects: is the path in `url` right?\n"
    assert fetched(tmp_path, f"s3://{BUCKET}/prod").stderr == said


def test_nothing_of_late(s3: Any, tmp_path: Path) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"api/{named(600)}", Body=HEAP)
    said = fetched(tmp_path, f"s3://{BUCKET}").stderr
    newest = re.escape(f"prod: s3://{BUCKET} has 1 object, but no heap of the last 2 h; the newest is of ")
    assert re.fullmatch(rf"{newest}{MOMENT}: is --since long enough\?\n", said)


@pytest.mark.parametrize("url", ["s3://profiles/prod", "gs://profiles/prod"])
def test_nobody_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    with gcs.serving({}, tmp_path, monkeypatch) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    said = fetched(tmp_path, url).stderr.splitlines()
    assert len(said) == 3
    assert said[-1].startswith(f"prod: {url}: the request at {server.url} failed: Connection refused; ")
    assert said[-1].endswith("; `alloclens sources` tests the connection")


def test_a_certificate_that_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with profile_server(tls=context) as server:
        server.status = 403
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        said = fetched(tmp_path, "s3://profiles").stderr
        assert "failed: the certificate is not trusted (SSL_CERT_FILE names the authorities to trust); " in said
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        buckets._store.cache_clear()
        assert "the server answered 403" in fetched(tmp_path, "s3://profiles").stderr


def test_too_much(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(3):
        s3.put_object(Bucket=BUCKET, Key=f"api/{i}/{named()}", Body=HEAP)
    s3.put_object(Bucket=BUCKET, Key=f"api/large/{named()}", Body=HEAP * 9)
    monkeypatch.setattr(stored, "MAX_PROFILE_BYTES", len(HEAP))
    result = fetched(tmp_path, f"s3://{BUCKET}")
    assert len(result.stdout.splitlines()) == 3
    assert result.stderr == (
        f"s3://{BUCKET}: of 1 heaps of api/large, 1 larger than 0 MiB are left out: "
        "let the process sample less often, as with a larger runtime.MemProfileRate in Go\n"
    )
    monkeypatch.setattr(buckets, "MAX_OBJECTS", 3)
    said = fetched(tmp_path, f"s3://{BUCKET}").stderr
    assert said == f"prod: s3://{BUCKET} has more than 3 objects: use a longer path in `url`\n"


@pytest.mark.parametrize("region", ["", "us-west-2"])
def test_profile_and_region_are_those_of_the_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    (tmp_path / "aws").write_text("[other]\naws_access_key_id = OTHER\naws_secret_access_key = x\n")
    (tmp_path / "config").write_text("[profile other]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "other")
    monkeypatch.setenv("AWS_REGION", region)
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with profile_server() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        server.status = 403
        fetched(tmp_path, "s3://profiles")
    credential = server.seen[0]["authorization"].partition(",")[0].split("/")
    assert (credential[0], credential[2]) == ("AWS4-HMAC-SHA256 Credential=OTHER", region or "eu-west-1")


def test_no_credentials(tmp_path: Path) -> None:
    (tmp_path / "aws").write_text("")
    said = fetched(tmp_path, "s3://profiles").stderr
    assert said.startswith("prod: s3://profiles: no credentials for AWS were found; `aws configure` or `aws sso login`")


def test_the_extra_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    assert fetched(tmp_path, "s3://profiles").stderr == f"prod: {buckets.MISSING}\n"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ('url = "https://profiles.s3.amazonaws.com"', "is not a bucket; use a URL like s3://profiles/prod"),
        ('url = "gs://profiles"', "gs://profiles is not a bucket; use a URL like s3://profiles/prod"),
        ('url = "s3://AKID:pw@profiles"', "s3://profiles is not a bucket"),
        ('url = "s3://profiles?key=pw"', "s3://profiles is not a bucket"),
        (
            'url = "s3://profiles"\ntenant = "pw"',
            "a source of the type s3 has no `tenant`",
        ),
        ('url = "s3://profiles"\ntokenEnv = "pw"', "has no `tokenEnv`; its credentials are those of your own tools"),
    ],
)
def test_settings_that_are_not_those_of_a_bucket(tmp_path: Path, fields: str, words: str) -> None:
    (tmp_path / "alloclens.toml").write_text(f'[[sources]]\nname = "prod"\ntype = "s3"\n{fields}\n')
    result = run("sources", "allow", "prod")
    assert (result.exit_code, words in result.stderr, "pw" in result.stderr) == (1, True, False), result.stderr
