"""Buckets of S3, Google Cloud Storage and Azure: a whole file for each snapshot, in a directory for each process.

obstore, an extra, asks them with the credentials that the tools of AWS, Google Cloud and Azure have.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from alloclens.processes import output, program
from alloclens.profile.errors import Malformed
from alloclens.profile.formats import MAX_PROFILE_BYTES
from alloclens.sources.address import shortened
from alloclens.sources.errors import CaptureError
from alloclens.sources.stored import StoredFile, of_files
from alloclens.typed import ready

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.sources.address import Address
    from alloclens.sources.remote import Remote, RemoteListing, RemoteSnapshot

MISSING = "buckets need the extra `buckets` of alloclens: pip install 'alloclens[buckets]'"
MAX_OBJECTS = 100_000
TIMEOUT = {"connect_timeout": "10s", "timeout": "30s"}
SIGN_IN = {
    "s3": "`aws configure` or `aws sso login` signs in, and AWS_PROFILE chooses the profile",
    "gs": "`gcloud auth application-default login` signs in",
    "https": "`az login` signs in",
}
"""By scheme of the address."""
OF_AZURE = (
    *("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS_KEY"),
    *("AZURE_CLIENT_ID", "AZURE_STORAGE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_STORAGE_USE_EMULATOR"),
)
"""The environment variables with credentials for Azure that obstore reads, or that need none. Without any, `az` is asked."""
AZ_TOKEN = ("account", "get-access-token", "--resource", "https://storage.azure.com/", "--output", "json")
AZ_SECONDS = 30.0
STATUS = re.compile(r"status code: (\d{3}) ?([^:]*):")
SAID = re.compile(r"<Code>([^<]*)</Code>\s*<Message>([^<\n]*)[^<]*</Message>")
"""The answer of all of them to what they refuse; Azure adds a number and the time, in lines of their own."""
SERVER = re.compile(r"https?://[^/ ]+")
CAUSE = re.compile(r'\b(?:error|message): "([^"]+)"')
REGION = "incorrectly configured region"
BAD_NAME = re.compile(r'invalid path: (?:Error parsing )?Path (".*?")(?=[: ])')


@ready
class _AzToken(msgspec.Struct):
    token: str = msgspec.field(name="accessToken")
    expires_on: float
    """Seconds since 1970."""


def parts(remote: Remote, listing: RemoteListing, snapshot: RemoteSnapshot) -> list[bytes]:
    """Return the file of a snapshot. Raises CaptureError, and Malformed if the bucket no longer has it, or it has grown."""
    del listing
    with _explained(remote):
        try:
            answer = _store(remote.address).get(snapshot.key)
        except FileNotFoundError as error:
            raise Malformed("the bucket no longer has it") from error
        if answer.meta["size"] > MAX_PROFILE_BYTES:
            raise Malformed(f"it is larger than {MAX_PROFILE_BYTES >> 20} MiB")
        return [bytes(answer.bytes())]


def _files(remote: Remote, below: str) -> list[StoredFile]:
    """Return the objects below a path. Raises CaptureError."""
    found: list[StoredFile] = []
    with _explained(remote):
        for page in _store(remote.address).list(below or None):
            found += [
                StoredFile(one["path"], round(one["last_modified"].timestamp() * 1e9), one["size"]) for one in page
            ]
            if len(found) > MAX_OBJECTS:
                raise CaptureError(f"{remote.address} has more than {MAX_OBJECTS} objects: use a longer path in `url`")
    return found


@lru_cache(maxsize=1)
def _store(address: Address) -> Any:
    """Open a bucket, with its path as the prefix. Raises CaptureError, and errors of boto3 and obstore."""
    try:
        from obstore.store import AzureStore, GCSStore, S3Store  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise CaptureError(MISSING) from error
    common: dict[str, Any] = {
        "client_options": {"allow_http": True, **TIMEOUT},  # if the user's own environment names such an endpoint
        "retry_config": {"max_retries": 0},
    }
    path = address.path.strip("/")
    if address.scheme == "https":
        container, _, below = path.partition("/")
        account = address.host.partition(".")[0]
        return AzureStore(
            container, prefix=below or None, account_name=account, credential_provider=_of_az(address), **common
        )
    if address.scheme == "gs":
        return GCSStore(address.host, prefix=path or None, **common)
    return S3Store(address.host, prefix=path or None, credential_provider=_of_aws(address), **common)


def _of_az(address: Address) -> Any:
    """Return the tokens of `az`, renewed as they expire; None if the environment has credentials, or there is no az. Raises CaptureError."""
    if any(map(os.environ.get, OF_AZURE)) or not program("az"):
        return None
    first = [_az_token(address)]
    return lambda: first.pop() if first else _az_token(address)


def _az_token(address: Address) -> dict[str, Any]:
    """Return a token of the user who is logged in to Azure. Raises CaptureError."""
    answer = output("az", *AZ_TOKEN, env=os.environ, seconds=AZ_SECONDS)
    try:
        token = msgspec.json.decode(answer or b"", type=_AzToken)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise CaptureError(f"{address}: az gives no token; {SIGN_IN['https']}") from None
    return {"token": token.token, "expires_at": datetime.fromtimestamp(token.expires_on, timezone.utc)}


def _of_aws(address: Address) -> Any:
    """Return the user's region and credentials for AWS, which are renewed as they expire. Raises CaptureError."""
    import boto3  # noqa: PLC0415 - an extra
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - as above
    from obstore.auth.boto3 import Boto3CredentialProvider  # noqa: PLC0415 - as above

    try:
        # boto3 itself reads only AWS_DEFAULT_REGION; AWS's other tools read AWS_REGION, too.
        return Boto3CredentialProvider(boto3.Session(region_name=os.environ.get("AWS_REGION") or None))
    except (BotoCoreError, ValueError) as error:  # ValueError: there are none
        why = f": {error}" if isinstance(error, BotoCoreError) else ""
        raise CaptureError(f"{address}: no credentials for AWS were found{why}; {SIGN_IN['s3']}") from error


@contextmanager
def _explained(remote: Remote) -> Iterator[None]:
    """Raise what obstore raises as CaptureError. It tells errors apart only by their text, which ends with a dump."""
    try:
        yield
    except (CaptureError, Malformed):
        raise
    except Exception as error:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra

        if not isinstance(error, (BaseError, OSError)):
            raise
        text, _, dump = str(error).partition("\n\nDebug source")
        raise _problem(remote.address, text, dump) from error


def _problem(address: Address, text: str, dump: str) -> CaptureError:
    if match := STATUS.search(text):
        status, reason = int(match[1]), match[2].strip()
        said = SAID.search(text)
        words = shortened(f": {said[1]}: {said[2]}") if said else ""
        hint = _hint(status, address)
        return CaptureError(
            f"{address}: the server answered {status} {reason}{f' ({hint})' if hint else ''}{words}",
            passing=status == 429 or status >= 500,
        )
    if REGION in text:
        return CaptureError(f"{address}: the bucket is in another region: set AWS_REGION to the region of the bucket")
    if match := BAD_NAME.search(text):
        why = f"an object is named {shortened(match[1])}, which is not a path"
        return CaptureError(f"{address}: {why}: use a path in `url` that it is not below")
    server, cause = SERVER.search(text), _cause(text, dump)
    where = f" at {server[0]}" if server else ""
    how = "AWS_ENDPOINT_URL names another server" if address.scheme == "s3" else SIGN_IN[address.scheme]
    return CaptureError(f"{address}: the request{where} failed: {shortened(cause)}; {how}", passing=bool(server))


def _cause(text: str, dump: str) -> str:
    """Return why a request failed: the innermost cause in the dump, else the end of the text."""
    if "InvalidCertificate(" in dump:
        return "the certificate is not trusted (SSL_CERT_FILE names the authorities to trust)"
    causes: list[str] = CAUSE.findall(dump)
    return causes[-1] if causes else text.rpartition(" - ")[2]


def _hint(status: int, address: Address) -> str:
    hints = {
        400: f"have the credentials expired? {SIGN_IN[address.scheme]}",
        401: SIGN_IN[address.scheme],
        403: f"may you list and read it? {SIGN_IN[address.scheme]}",
        404: "is there such a bucket?",
        429: "ask for less with --since and --every",
        503: "ask for less with --since and --every",
    }
    return hints.get(status, "")


BUCKET = of_files(_files, "object", parts)
