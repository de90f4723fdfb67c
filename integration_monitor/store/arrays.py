"""Lists of texts as rows of a statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa


def each_text(texts: Sequence[str]) -> sa.ColumnElement[str]:
    """The texts as a column to select from."""
    each: sa.ColumnElement[str] = unnest(texts).column_valued("name")
    return each


def unnest(*columns: Sequence[object]) -> sa.Function[Any]:
    """Columns of texts side by side, as PostgreSQL's function of that name."""
    # Not `sa.func`: there a dialect of another database gives the name a meaning of its own.
    return sa.Function("unnest", *(sa.cast(list(each), sa.ARRAY(sa.Text)) for each in columns))
