"""A partner's words without what must not be kept of them. Pure.

What is struck out becomes `…`. Rather too much is struck out than too little: the words are for a
person who wants to know what kind of error it was, not whom it met.
"""

from __future__ import annotations

import re

LONGEST = 200
"""Characters of a message that are kept."""
_READ = 2000
"""Characters of a message that are looked at."""
_STRUCK = "…"
_QUERY = re.compile(r"(?<=\w)[?#]\S*|[?#;&][^\s?#&=]{0,100}=\S*")
_SCHEME = re.compile(r"\b(bearer|basic|digest|negotiate)\s+\S+", re.IGNORECASE)
_NAMED = re.compile(
    r"(authorization|cookie|session|token|secret|password|passwd|pwd|credentials?|signature|jwt"
    r"|(?:api|access|private|auth|secret)[-_ ]?key|[-_]key|hapikey|otp|pin)"
    r"(\W{0,2}\s?[:=]\s?)(\"[^\"]*\"|'[^']*'|\S+)",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(r"([A-Za-z_][\w.-]{0,63}=)(?![\d.,]{1,7}(?:\s|$))[^\s\"'`“«=]\S*")
"""`sid=…`: what is given by name may be anything; a short number is none that matters."""
_QUOTED = re.compile(r"(\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)|`[^`]*`|“[^”]*”|«[^»]*»)")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.\[\]-]{0,63}", re.ASCII)
_NUMBER = re.compile(r"(?<![\w-])\+?\d[\d\s().-]{4,}\d(?![\w-])")
_RUN = re.compile(r"[\w.+/=~%:-]{8,}")
_SEVERAL = re.compile(rf"{_STRUCK}(?:[\s,]*{_STRUCK})+")
_HEX = re.compile(r"[0-9a-f-]{8,}", re.IGNORECASE)
_DIGITS_OF_A_NUMBER = 6
_SEPARATORS = frozenset("_.-")


def redacted(message: str) -> str:
    """At most 200 characters on one line.

    Without e-mail addresses, tokens, long numbers and hexadecimal digits, queries of addresses,
    and quoted texts that are no identifiers.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in message[:_READ]).split())
    if len(message) > _READ:
        line = line.rpartition(" ")[0]
    line = _QUERY.sub(_STRUCK, line)
    line = " ".join(_STRUCK if "@" in word or "%40" in word else word for word in line.split(" "))
    line = _SCHEME.sub(rf"\1 {_STRUCK}", line)
    line = _NAMED.sub(rf"\1\2{_STRUCK}", line)
    line = _ASSIGNED.sub(rf"\1{_STRUCK}", line)
    line = _QUOTED.sub(_quoted, line)
    line = _NUMBER.sub(_number, line)
    line = _SEVERAL.sub(_STRUCK, _RUN.sub(_run, line))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}{_STRUCK}"


def _quoted(found: re.Match[str]) -> str:
    """Names of fields are told in quotes, and so are their values: only a name stays."""
    text = found[0]
    return text if _IDENTIFIER.fullmatch(text[1:-1]) else f"{text[0]}{_STRUCK}{text[-1]}"


def _number(found: re.Match[str]) -> str:
    digits = sum(character.isdigit() for character in found[0])
    return _STRUCK if digits >= _DIGITS_OF_A_NUMBER else found[0]


def _run(found: re.Match[str]) -> str:
    """A path stays while all its steps are words."""
    return _STRUCK if any(_is_random(step) for step in found[0].split("/")) else found[0]


def _is_random(text: str) -> bool:
    digits = sum(character.isdigit() for character in text)
    letters = sum(character.isalpha() for character in text)
    if digits >= _DIGITS_OF_A_NUMBER or _HEX.fullmatch(text):
        return True
    if digits:
        return (len(text) >= 8 and digits >= 3) or (len(text) >= 12 and letters > 0)
    if _SEPARATORS & set(text):
        return False
    capitals = sum(character.isupper() for character in text)
    return len(text) >= 32 or (len(text) >= 16 and 0.25 <= capitals / len(text) <= 0.75)
