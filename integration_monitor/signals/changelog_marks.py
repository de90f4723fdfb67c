"""What an entry of a partner's changelog speaks of, by its words. Pure; English words.

A mark is a hint for a person who then reads the entry, so it would rather be given once too often.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    "deprecation": r"deprecat\w*",
    "removal": (
        r"remov(?:e|es|ed|al|als|ing)|retir(?:e|es|ed|ing|ement)|discontinu\w*|decommission\w*"
        r"|shut(?:ting)?[ -]?down|end[ -]of[ -](?:life|support)|eol"
        r"|no longer (?:be )?(?:available|supported|accepted|returned)"
    ),
    "breaking change": r"(?<!non-)(?<!no )breaking|(?:backwards?[ -])incompatib\w*",
    "sunset": r"sunset\w*",
    "authentication": (
        r"authenticat\w*|authori[sz]ation|oauth\w*|api[ -]?keys?|access tokens?|refresh tokens?"
        r"|scopes?|tls|certificates?"
    ),
}
_MARKS = {name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for name, words in _WORDS.items()}
_TAG = re.compile(r"<[^>]*>")


def marks(*texts: str) -> tuple[str, ...]:
    """What the texts speak of: `deprecation`, `removal`, `breaking change`, `sunset`,
    `authentication`. Their HTML tags are left out.
    """
    text = " ".join(" ".join(_TAG.sub(" ", each) for each in texts).split())
    return tuple(name for name, words in _MARKS.items() if words.search(text))
