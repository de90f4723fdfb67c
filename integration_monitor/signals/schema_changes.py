"""How an observed shape differs from the accepted one, and what becomes of known changes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, get_args

from integration_monitor.manifest.domain import DriftAction, SchemaRules
from integration_monitor.signals.shape import FieldShape, Shape, ancestors, cut, merge
from integration_monitor.signals.widening import json_widens, sql_widens

Kind = Literal["lost", "retyped", "nullable", "gained"]
Closed = Literal["reverted", "accepted", "ignored", "superseded"]
KINDS: tuple[Kind, ...] = get_args(Kind)

UNLIKELY = 1e-4
"""What is less likely than this to be chance is a change."""
LEARNT = 1_000
"""After so many records the baseline's presence of a field stays as it is."""
_BACK = 0.5
"""A lost field is back once it is in at least this share of the records it used to be in."""


@dataclass(frozen=True)
class Change:
    """One difference from the baseline. `first_seen` is None until it is stored."""

    path: str
    kind: Kind
    was: str
    now: str
    example: str = ""
    """A redacted value of what is new."""
    fields: Mapping[str, FieldShape] = field(default_factory=dict)
    """What was observed at the path and below it: the baseline's, once it is accepted."""
    hits: int = 0
    """Records that showed it."""
    of: int = 0
    """Records that could have."""
    clean: int = 0
    """Records since then that could have shown it and did not."""
    first_seen: datetime | None = None

    @property
    def name(self) -> tuple[str, Kind]:
        """What makes it one change, however often it is seen."""
        return self.path, self.kind


@dataclass(frozen=True)
class Step:
    """What an observation does to what was known."""

    baseline: Shape
    open: tuple[Change, ...]
    """What differs now, or differed and is not known to be reverted."""
    closed: tuple[tuple[Change, Closed], ...] = ()


def action(kind: Kind, rules: SchemaRules) -> DriftAction:
    """What the manifest says of changes of this kind."""
    actions: Mapping[Kind, DriftAction] = {
        "lost": rules.lost,
        "retyped": rules.retyped,
        "nullable": rules.nullable,
        "gained": rules.gained,
    }
    return actions[kind]


def compare(baseline: Shape, observed: Shape, mapped: Collection[str] = ()) -> tuple[Change, ...]:
    """What differs, by path. Below a change only mapped paths are told, too.

    Seeing is evidence, absence is only where it would be unlikely (< 10⁻⁴) at the baseline's
    presence. What lies beyond the limit of watched paths is no evidence.
    """
    found = {change.name: change for change in _all(baseline, observed, mapped)}
    return tuple(
        found[name]
        for name in sorted(found)
        if name[0] in mapped or not any(_hides(found, name, above) for above in ancestors(name[0]))
    )


def follow(
    baseline: Shape,
    known: Sequence[Change],
    observed: Shape,
    rules: SchemaRules,
    mapped: Collection[str] = (),
) -> Step:
    """Judge an observation with at least one record against the baseline and the open changes.

    A change stays open until what was there before is seen again. While nothing is open, the
    baseline goes on learning how often its fields are present.
    """
    found = {
        change.name: change
        for change in compare(baseline, observed, mapped)
        if action(change.kind, rules) != "ignore"
    }
    still: list[Change] = []
    closed: list[tuple[Change, Closed]] = []
    for change in known:
        seen_again = found.pop(change.name, None)
        if action(change.kind, rules) == "ignore":
            closed.append((change, "ignored"))
        elif seen_again is not None:
            still.append(replace(seen_again, first_seen=change.first_seen))
        elif (kept := _not_seen_again(change, baseline, observed)) is not None:
            still.append(kept)
        else:
            closed.append((change, "reverted"))
    still += found.values()
    learnt = baseline if still else learn(baseline, observed, mapped)
    return Step(learnt, tuple(sorted(still, key=lambda c: c.name)), tuple(closed))


def accept(baseline: Shape, changes: Sequence[Change], mapped: Collection[str] = ()) -> Shape:
    """The baseline as it is with these changes."""
    fields = dict(baseline.fields)
    for change in changes:
        if change.kind != "nullable":
            below = [p for p in fields if p == change.path or change.path in ancestors(p)]
            for path in below:
                del fields[path]
        fields |= change.fields
    return cut(replace(baseline, fields=fields), mapped)


def learn(baseline: Shape, observed: Shape, mapped: Collection[str] = ()) -> Shape:
    """The baseline with what the observation adds; counts are added up to `LEARNT` records."""
    if baseline.declared:
        return observed
    both = merge(baseline, observed, mapped)
    fields = {
        path: _learnt(baseline.fields.get(path), together) for path, together in both.fields.items()
    }
    records = baseline.records if baseline.records >= LEARNT else both.records
    return replace(both, fields=fields, records=records)


def _learnt(before: FieldShape | None, together: FieldShape) -> FieldShape:
    if before is None or before.of < LEARNT:
        return together
    new = {name: n for name, n in together.types.items() if name not in before.types}
    nulls = before.nulls or min(together.nulls, 1)
    if not new and nulls == before.nulls:
        return before
    examples = {**together.examples, **before.examples}
    return replace(before, types={**before.types, **new}, nulls=nulls, examples=examples)


def _all(baseline: Shape, observed: Shape, mapped: Collection[str]) -> Iterator[Change]:
    for path in baseline.fields.keys() | observed.fields.keys():
        if path not in mapped and not (baseline.watches(path) and observed.watches(path)):
            continue
        was, now = baseline.fields.get(path), observed.fields.get(path)
        if was is None and now is not None:
            yield _gained(path, now, observed)
        elif was is not None and now is None:
            if _is_lost(was, observed):
                yield _lost(path, was, baseline, observed)
        elif was is not None and now is not None:
            yield from _different(path, was, now, observed)


def _hides(found: Mapping[tuple[str, Kind], Change], name: tuple[str, Kind], above: str) -> bool:
    return (above, name[1]) in found or (above, "retyped") in found


def _is_lost(was: FieldShape, observed: Shape) -> bool:
    if observed.declared:
        return True
    return _chance_of_none(was.seen, was.of, observed.records) < UNLIKELY


def _chance_of_none(hits: int, of: int, records: int) -> float:
    """That none of so many records shows what `hits` of `of` earlier ones did."""
    presence = (hits + 1) / (of + 2)
    return float((1 - presence) ** records)


def _gained(path: str, now: FieldShape, observed: Shape) -> Change:
    return Change(
        path, "gained", "absent", now.text, _example(now, now.types), _subtree(path, observed),
        now.seen, now.of,
    )  # fmt: skip


def _lost(path: str, was: FieldShape, baseline: Shape, observed: Shape) -> Change:
    instead = _instead(path, was, baseline, observed)
    now = f"absent, `{instead}` is new" if instead else "absent"
    n = observed.records
    return Change(path, "lost", was.text, now, hits=n, of=n)


def _instead(path: str, was: FieldShape, baseline: Shape, observed: Shape) -> str | None:
    """The new field beside a lost one that holds the same types: most likely its new name."""
    beside = _parent(path)
    same = [
        other
        for other, now in observed.fields.items()
        if other not in baseline.fields
        and _parent(other) == beside
        and now.types.keys() == was.types.keys()
    ]
    return same[0] if len(same) == 1 else None


def _parent(path: str) -> str:
    return max(ancestors(path), key=len, default="")


def _different(path: str, was: FieldShape, now: FieldShape, observed: Shape) -> Iterator[Change]:
    widens = sql_widens if observed.declared else json_widens
    foreign = {
        name: n
        for name, n in now.types.items()
        if was.types and not any(widens(old, name) for old in was.types)
    }
    if foreign:
        yield Change(
            path, "retyped", was.type_text, now.type_text, _example(now, foreign),
            _subtree(path, observed), max(foreign.values()), now.seen,
        )  # fmt: skip
    if now.nulls and not was.nulls:
        yield Change(path, "nullable", was.text, now.text, "null", {path: now}, now.nulls, now.seen)


def _example(now: FieldShape, types: Mapping[str, int]) -> str:
    return next((now.examples[name] for name in sorted(types) if now.examples.get(name)), "")


def _subtree(path: str, observed: Shape) -> dict[str, FieldShape]:
    return {p: f for p, f in observed.fields.items() if p == path or path in ancestors(p)}


def _not_seen_again(change: Change, baseline: Shape, observed: Shape) -> Change | None:
    """The change as it stays open, None where the observation shows that it is over."""
    now, was = observed.fields.get(change.path), baseline.fields.get(change.path)
    if change.kind == "lost":
        is_back = now is not None and (was is None or _share(now) >= _BACK * _share(was))
        return None if is_back else change
    if observed.declared:
        return None
    clean = change.clean + (observed.records if change.kind == "gained" else _without_null(now))
    # Few records never make it unlikely; as many as then, without exception, do.
    if clean >= change.of or _chance_of_none(change.hits, change.of, clean) < UNLIKELY:
        return None
    return replace(change, clean=clean)


def _without_null(now: FieldShape | None) -> int:
    return now.seen - now.nulls if now else 0


def _share(of: FieldShape) -> float:
    return of.seen / max(of.of, 1)
