"""Source code as HTML with highlighting and line numbers."""

from functools import lru_cache

from markupsafe import Markup
from pygments import highlight as pygments_highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer, TextLexer

# Highlighting takes about a second for this many characters; longer scripts get line numbers only.
_MAX_HIGHLIGHTED = 200_000


@lru_cache(maxsize=32)
def highlight(source: str) -> Markup:
    """The source as an HTML table of line numbers and code. Pygments escapes what the user wrote."""
    lexer = PythonLexer() if len(source) <= _MAX_HIGHLIGHTED else TextLexer()
    formatter = HtmlFormatter(linenos="table", anchorlinenos=False, lineanchors="line", cssclass="code")
    return Markup(pygments_highlight(source, lexer, formatter))
