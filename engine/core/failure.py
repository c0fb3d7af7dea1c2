"""By which members an answer says of itself that it failed: an error that it holds, `success: false`, `status: "error"`."""

from __future__ import annotations

from typing import Any

from engine.language.expressions import lossless_json

ERROR_NAMES = ("error", "errors", "error_message", "errorMessage", "fault", "exception")
NOTHING: tuple[Any, ...] = (None, False, 0, "", [], {})
OF_ERRORS = (
    *("code", "message", "status", "statusCode", "success", "ok", "detail", "details", "error_code", "errorCode"),
    *("error_description", "request_id", "requestId", "timestamp", "path"),
)
SUCCESS_NAMES = ("success", "succeeded", "ok")
STATUS_NAMES = ("status", "statusCode", "status_code")
FAILED_WORDS = ("error", "fail", "failed", "failure")
TELLING_NAMES = (*ERROR_NAMES, *SUCCESS_NAMES, *STATUS_NAMES)


def fails(name: str, value: Any) -> bool:
    """Whether a member says that the answer is an error: by what it holds, `success: false`, `status: "error"`, `status: 500`."""
    if name in ERROR_NAMES:
        return value not in NOTHING
    text = (lossless_json.text_of(value) or "").lower()
    if name in SUCCESS_NAMES:
        return text == "false" or (name == "ok" and text == "0")  # the others may count what succeeded
    return text in FAILED_WORDS or (len(text) == 3 and text.isdigit() and text >= "400")
