"""Signed, expiring permissions to see one visualization of one script.

The web server makes a grant for a user who is logged in and owns the script; the Bokeh server believes
nothing else. Both know the key, the browser does not.
"""
from dataclasses import asdict, dataclass

from itsdangerous import BadData, URLSafeTimedSerializer

GRANT_HEADER = "X-Visualization-Grant"
GRANT_SECONDS = 300


class BadGrantError(Exception):
    """A grant that is forged, expired, or for something else."""


@dataclass(frozen=True)
class Grant:
    """Permission to see one visualization.

    Attributes:
        user: name of the owner's folder in the user storage.
        script: name of the script without its ending.
        visualization: name of the visualization.
        run: number of a kept run; 0 for the last one.
    """

    user: str
    script: str
    visualization: str
    run: int = 0


def sign_grant(key: str, grant: Grant) -> str:
    """The grant as a text that cannot be changed without the key."""
    return _serializer(key).dumps(asdict(grant))


def read_grant(key: str, text: str, visualization: str, max_age: int = GRANT_SECONDS) -> Grant:
    """Check a grant.

    Args:
        key: the key of both servers.
        text: what the browser sent.
        visualization: the one that is asked for.
        max_age: seconds after which a grant is void.

    Raises:
        BadGrantError: if it is forged, expired, or for another visualization.
    """
    try:
        grant = Grant(**_serializer(key).loads(text, max_age=max_age))
    except (BadData, TypeError) as error:
        raise BadGrantError("This permission is not valid or has expired.") from error
    if grant.visualization != visualization:
        raise BadGrantError("This permission is for another visualization.")
    return grant


def _serializer(key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt="visualization-grant")
