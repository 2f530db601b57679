"""Bodies: strict JSON, of bounded size and number of values, never compressed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.http import UnreadablePostError
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from tracking.validation import parse_json

MOST_VALUES = 500_000  # a list, object or comma begins one; eight million bytes of "[]," would be 180 MB of lists


class TooLarge(APIException):
    status_code = 413
    default_detail = "The body is too large."
    default_code = "too_large"


class LengthRequired(APIException):
    status_code = 411
    default_detail = "The body needs a Content-Length; a body in chunks is not read."
    default_code = "length_required"


class Encoded(APIException):
    status_code = 415
    default_detail = "Content-Encoding is not supported; send the body as it is."
    default_code = "encoded"


def demand_length(request: Request) -> None:
    """Raises LengthRequired for a body in chunks, which Django takes for none at all."""
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired


class StrictJSONParser(BaseParser):
    """No NaN, no key twice, no nesting without end; the size is checked before anything is parsed."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        request: Request = (parser_context or {})["request"]
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Encoded
        try:
            return parse_json(_read(stream, settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
        except UnreadablePostError:
            raise ParseError("The body ended early.") from None
        except ValueError as error:
            raise ParseError(f"The body is not valid JSON: {error}") from None


class MergePatchParser(StrictJSONParser):
    """RFC 7396, which is JSON."""

    media_type = "application/merge-patch+json"


def _read(stream: IO[bytes], limit: int) -> bytes:
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(f"The body has more than {limit:,} bytes; send a long list in parts.")
    if sum(body.count(mark) for mark in b"[{,") > MOST_VALUES:
        raise TooLarge(f"The body has more than {MOST_VALUES:,} values; send a long list in parts.")
    return body
