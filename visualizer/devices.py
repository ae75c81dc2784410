"""Knows a browser again in which somebody has logged in before, by a cookie that opens nothing by itself."""

import secrets

from flask import Response, after_this_request, current_app, request, url_for
from itsdangerous import BadData, URLSafeTimedSerializer

from visualizer.models import User

COOKIE = "visualizer_device"
_DAYS = 365


def known_device(name: str) -> str | None:
    """The number of the browser that asks, if the user of this name has logged in with it before."""
    try:
        owner, number = _signer().loads(request.cookies.get(COOKIE, ""), max_age=_DAYS * 86400)
    except (BadData, ValueError, TypeError):
        return None
    return number if owner == name.lower() else None


def remember_device(user: User) -> None:
    """Let the answer to this request carry the cookie of this browser and user."""
    value = _signer().dumps([user.name_key, known_device(user.name) or secrets.token_hex(16)])

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(
            COOKIE,
            value,
            max_age=_DAYS * 86400,
            path=url_for("accounts.login"),
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
        return response


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="known-device")
