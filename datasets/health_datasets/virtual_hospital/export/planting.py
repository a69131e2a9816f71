"""Plant defects in tables, and keep the truth beside them.

How one export is made, for each table:

1. cells: kinds that change what a cell says, then kinds that change how it is written, in the
   order of `defects.CELL_KINDS`; a cell may bear several. A column that any of the latter hits
   is text from then on, its other cells in the usual form (dates 05/01/2023 13:00:00).
2. absences; an emptied cell bears no other defect (but it may be corrected later).
3. rows: copies, then the order of the file.

Each kind draws from streams named after itself, the table and the column, and chooses from the
clean table: the cells that it hits do not depend on the other kinds asked for. What it writes is
its own step; `written` in the list of defects is what the file has in the end.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.export import defects as kinds
from health_datasets.virtual_hospital.export import texts
from health_datasets.virtual_hospital.export.defects import DefectError, Mask, Rng, Rows, View, draw
from health_datasets.virtual_hospital.export.result import EXPORTED_AT, Export
from health_datasets.virtual_hospital.export.texts import Texts
from health_datasets.virtual_hospital.streams import stream
from health_datasets.virtual_hospital.tables import Column

# types of tables.Column
NUMBERS, WORDS, TRUTH_VALUES = ("int", "Int64", "float"), ("str", "category"), ("bool", "boolean")
MINUTE: Final = np.timedelta64(60, "s")
MIDDLE: Final = (0.4, 0.6)  # the unit changes between these quantiles of the time
NOTE_COLUMNS: Final = (
    *("table", "row", "key", "written_row", "column", "kind", "true", "written"),
)


@dataclass
class _Cells:
    """One column on its way: clean, then as a file would hold it."""

    clean: pd.Series
    values: pd.Series
    written: Texts | None = None
    hits: dict[str, Rows] = field(default_factory=dict)

    def change(self, kind: str, rows: Rows, new: pd.Series) -> None:
        """Put new values in rows; only those that really change are noted."""
        if len(rows) == 0:
            return
        before = self.values.iloc[rows]
        if isinstance(before.dtype, pd.CategoricalDtype):
            self.values = self.values.astype("str")
            before = before.astype("str")
        differs = (before.reset_index(drop=True) != new.reset_index(drop=True)).to_numpy(bool)
        if not differs.any():
            return
        array = self.values.to_numpy(copy=True)
        array[rows[differs]] = new.to_numpy()[differs]
        self.values = pd.Series(array, dtype=self.values.dtype)
        self.hits[kind] = rows[differs]

    def write(self, kind: kinds.CellKind, rows: Rows, rng: Rng) -> None:
        """Rewrite the text of rows; the column becomes text."""
        if len(rows) == 0 or kind.write is None:
            return
        if self.written is None:
            self.written = self.text()
        before = self.written[rows]
        after = kind.write(before, self.values.iloc[rows].reset_index(drop=True), rng)
        differs = np.asarray(before != after, dtype=bool)
        self.written[rows] = after
        if differs.any():
            self.hits[kind.name] = rows[differs]

    def text(self) -> Texts:
        """Return the text of every cell in the usual form."""
        if self.written is not None:
            return self.written
        if texts.is_datetime(self.values):
            return texts.moments(self.values, "french", texts.date_only(self.clean))
        return texts.canonical(self.values)

    def lose(self, kind: str, rows: Rows) -> None:
        """Empty cells: they bear no other defect, except what brings another version of the row."""
        if len(rows) == 0:
            return
        emptied = np.zeros(len(self.clean), dtype=bool)
        emptied[rows] = True
        for name, hit in list(self.hits.items()):
            if name != "late_correction" and not name.startswith("missing"):
                self.hits[name] = hit[~emptied[hit]]
        self.hits[kind] = rows
        if self.written is not None:
            self.written[rows] = ""
        kind_of = self.values.dtype
        if pd.api.types.is_bool_dtype(kind_of):
            self.values = self.values.astype("boolean")
        elif pd.api.types.is_integer_dtype(kind_of):
            self.values = self.values.astype("Int64")
        self.values = self.values.mask(emptied)

    def final(self) -> pd.Series:
        if self.written is None:
            return self.values
        text = pd.Series(self.written, dtype="str")
        return text.mask(text == "")


@dataclass
class _Plan:
    """One table on its way."""

    view: View
    seed: int
    shares: Mapping[str, float]
    cells: dict[str, _Cells] = field(init=False)
    mechanisms: list[tuple[str, str, str, str]] = field(default_factory=list)
    # copies of rows: kind, rows copied, cells that differ from the row's own {column: values}
    copies: list[tuple[str, Rows, dict[str, pd.Series]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        frame = self.view.frame
        self.cells = {name: _Cells(frame[name], frame[name]) for name in frame.columns}

    def rng(self, kind: str, column: str = "") -> Rng:
        return stream(self.seed, f"export.{kind}.{self.view.name}.{column}")

    def note(self, kind: str, column: str, detail: str) -> None:
        self.mechanisms.append((self.view.name, column, kind, detail))


def plant(
    tables: Mapping[str, pd.DataFrame],
    columns: Mapping[str, Sequence[Column]],
    defects: str | Iterable[str] | Mapping[str, float],
    seed: int,
) -> Export:
    """Return the tables as a file would hold them, with known defects and the truth beside.

    Args:
        tables: clean tables, by name.
        columns: what the columns of each table mean: `type` and `key` matter here.
        defects: a name, names, names with shares, or `"all"` for every kind that these tables
            can hold; see `defect_kinds()`.
        seed: of this export; another seed plants other defects in the same tables.

    Raises:
        DefectError: an unknown defect, a share out of range, a defect that these tables cannot
            hold, a column without meaning.
    """
    shares = kinds.wanted_shares(defects)
    plans = {name: _Plan(_view(name, tables[name], columns), seed, shares) for name in tables}
    for plan in plans.values():
        _plant_cells(plan)
        _plant_absences(plan)
        _plant_copies(plan)
    finished = {name: _finish(plan) for name, plan in plans.items()}
    notes = [note for _, _, some in finished.values() for note in some]
    listed = pd.concat(notes, ignore_index=True) if notes else pd.DataFrame(columns=NOTE_COLUMNS)
    if defects != "all":
        _refuse_idle(shares, set(listed["kind"]), list(tables))
    mechanisms = [row for plan in plans.values() for row in plan.mechanisms]
    return Export(
        tables={name: frame for name, (frame, _, _) in finished.items()},
        truth={name: plan.view.frame for name, plan in plans.items()},
        rows={name: rows for name, (_, rows, _) in finished.items()},
        defects=listed,
        mechanisms=pd.DataFrame(
            mechanisms, columns=["table", "column", "kind", "detail"], dtype="str"
        ),
        seed=seed,
    )


def _view(name: str, frame: pd.DataFrame, columns: Mapping[str, Sequence[Column]]) -> View:
    known = {column.name: column for column in columns.get(name, ()) if column.name in frame}
    unknown = [column for column in frame.columns if column not in known]
    if unknown:
        raise DefectError(f"{name}: no meaning is given for the column {unknown[0]!r}")
    return View(name, frame.reset_index(drop=True), known)


def _refuse_idle(shares: Mapping[str, float], planted: set[str], tables: list[str]) -> None:
    idle = [name for name, share in shares.items() if share > 0 and name not in planted]
    if idle:
        raise DefectError(
            f"the tables {', '.join(tables)} cannot hold the defect {idle[0]!r} "
            f"({dict(kinds.defect_kinds()[['kind', 'meaning']].to_numpy())[idle[0]]}): "
            "leave it out, or export a table that has such cells"
        )


# --- cells


def _plant_cells(plan: _Plan) -> None:
    _versions(plan, "late_correction")
    for name in ("unit_change", "silent_unit_change"):
        _change_units(plan, name)
    for name in ("shifted_clock", "missed_dst"):
        _shift_clocks(plan, name)
    for kind in kinds.CELL_KINDS:
        share = plan.shares.get(kind.name, 0.0)
        if share == 0:
            continue
        for column, cells in plan.cells.items():
            mask = kind.eligible(plan.view, column)
            if mask is None:
                continue
            rng = plan.rng(kind.name, column)
            rows = draw(rng, np.flatnonzero(mask), share)
            if kind.change is not None:
                before = cells.values.iloc[rows].reset_index(drop=True)
                cells.change(kind.name, rows, kind.change(before, rng))
            else:
                cells.write(kind, rows, rng)


def _change_units(plan: _Plan, kind: str) -> None:
    """Write some analytes in another unit from a date on."""
    share, frame = plan.shares.get(kind, 0.0), plan.view.frame
    code = next((name for name in ("loinc", "code") if name in frame), None)
    if share == 0 or code is None or not {"value", "unit"} <= set(frame) or not plan.view.times:
        return
    rng = plan.rng(kind)
    unit = frame["unit"].astype("str").str.replace("µ", "u").str.replace("μ", "u")
    pairs = pd.MultiIndex.from_arrays([frame[code].astype("str"), unit])
    group, found = pd.factorize(pairs)
    possible = [number for number, pair in enumerate(found) if tuple(pair) in kinds.CONVERSIONS]
    order = sorted(possible, key=lambda number: tuple(found[number]))
    # an analyte changes openly or silently, never both, whichever is asked for
    order = list(stream(plan.seed, f"export.units.{plan.view.name}").permutation(order))
    order = order[0::2] if kind == "unit_change" else order[1::2]
    time = frame[plan.view.times[-1]]
    known = np.sort(time.dropna().to_numpy().astype("datetime64[s]"))
    for number in draw(rng, np.array(order, dtype=np.int64), share):
        pair = tuple(found[number])
        new, factor, decimals = kinds.CONVERSIONS[pair]
        date = known[int(rng.uniform(*MIDDLE) * len(known))].astype("datetime64[D]")
        rows = np.flatnonzero((group == number) & (time >= date) & frame["value"].notna())
        _convert(plan, kind, rows, new, factor, decimals)
        plan.note(kind, "value", f"{pair[0]} in {new} instead of {pair[1]} from {date}")


def _convert(plan: _Plan, kind: str, rows: Rows, unit: str, factor: float, decimals: int) -> None:
    """Rewrite value, reference interval and, unless the change is silent, the unit."""
    earlier = {name: plan.cells[name].hits.pop(kind, rows[:0]) for name in plan.cells}
    for name in ("value", "low", "high"):
        if name in plan.cells and (name == "value" or kind == "unit_change"):
            cells = plan.cells[name]
            cells.change(kind, rows, (cells.values.iloc[rows] * factor).round(decimals))
    if kind == "unit_change":
        plan.cells["unit"].change(kind, rows, pd.Series([unit] * len(rows), dtype="str"))
    for name, before in earlier.items():
        if len(before):
            cells = plan.cells[name]
            cells.hits[kind] = np.sort(np.append(cells.hits.get(kind, rows[:0]), before))


def _shift_clocks(plan: _Plan, kind: str) -> None:
    """Shift the last time of each row of some devices."""
    share, view = plan.shares.get(kind, 0.0), plan.view
    device = view.device
    if share == 0 or device is None or not view.times:
        return
    rng = plan.rng(kind)
    codes, found = pd.factorize(view.frame[device], sort=True)
    column = view.times[-1]
    cells = plan.cells[column]
    chosen = draw(rng, np.arange(len(found)), share)
    hours = np.zeros(len(found) + 1, dtype="int64")
    # never one hour fast: on a device that also stays in winter time, nothing would be wrong
    hours[chosen] = rng.choice([-3, -2, -1, 2, 3], size=len(chosen))
    if kind == "missed_dst":
        hours[chosen] = -1
    hit = (hours[codes] != 0) & view.frame[column].notna().to_numpy()
    if kind == "missed_dst":
        hit &= texts.in_summer_time(view.frame[column])
    rows = np.flatnonzero(hit)
    shift = pd.Series(hours[codes[rows]] * 3600).astype("timedelta64[s]")
    cells.change(kind, rows, cells.values.iloc[rows].reset_index(drop=True) + shift)
    for number in chosen:
        summer = " in summer time" if kind == "missed_dst" else ""
        plan.note(kind, column, f"{device} {found[number]}: {hours[number]:+d} h{summer}")


# --- absences


def _plant_absences(plan: _Plan) -> None:
    for kind, eligible in (
        ("missing_at_random", kinds.losable),
        ("missing_not_at_random", kinds.losable_number),
    ):
        share = plan.shares.get(kind, 0.0)
        for column, cells in plan.cells.items() if share else ():
            mask = eligible(plan.view, column)
            if mask is None or not mask.any():
                continue
            rng = plan.rng(kind, column)
            weight = _weights(plan, kind, column, rng)
            if weight is not None:
                cells.lose(kind, _weighted(rng, mask, weight, share))


def _weights(plan: _Plan, kind: str, column: str, rng: Rng) -> np.ndarray[Any, Any] | None:
    """Return how likely each cell is to be lost, up to a factor."""
    frame = plan.view.frame
    if kind == "missing_not_at_random":
        plan.note(kind, column, f"weight: rank of {column}, from 0 to 1")
        return np.asarray(frame[column].rank(pct=True).to_numpy(dtype=float, na_value=0.5))
    others = (name for name in plan.view.columns if name != column)
    driver = next((name for name in others if _drives(plan.view, name)), None)
    if driver is None:
        return None
    if plan.view.columns[driver].type in NUMBERS:
        high = (frame[driver] > frame[driver].median()).to_numpy(dtype=bool, na_value=False)
        plan.note(kind, column, f"four times as often where {driver} is above its median")
    else:
        codes, found = pd.factorize(frame[driver], sort=True)
        often = np.append(rng.permutation(len(found)) < (len(found) + 1) // 2, False)
        high = often[codes]
        names = ", ".join(str(name) for name in found[often[:-1]])
        plan.note(kind, column, f"four times as often where {driver} is one of {names}")
    return np.where(high, 4.0, 1.0)


def _drives(view: View, column: str) -> bool:
    """Tell whether absences may depend on a column: never lost itself, few values or numbers."""
    kind = view.columns[column].type
    if view.is_key(column):
        return False
    if kind in NUMBERS:
        return True
    return kind in (*WORDS, *TRUTH_VALUES) and 2 <= view.frame[column].nunique() <= 50


def _weighted(rng: Rng, mask: Mask, weight: np.ndarray[Any, Any], share: float) -> Rows:
    """Draw a share of the cells without replacement, by weight (Efraimidis and Spirakis)."""
    rows = np.flatnonzero(mask)
    count = min(len(rows), max(1, round(share * len(rows))))
    key = rng.exponential(size=len(rows)) / np.maximum(weight[rows], 1e-9)
    return np.sort(rows[np.argpartition(key, count - 1)[:count]])


# --- rows


def _versions(plan: _Plan, kind: str) -> None:
    """Choose rows of which two versions disagree, the column of each and the wrong value."""
    share, view = plan.shares.get(kind, 0.0), plan.view
    candidates = [name for name in view.columns if _correctable(view, name)]
    if "value" in candidates:
        candidates = ["value"]
    if share == 0 or not candidates:
        return
    rng = plan.rng(kind)
    chosen = draw(rng, np.arange(len(view.frame)), share)
    column = rng.integers(0, len(candidates), len(chosen))
    for number, name in enumerate(candidates):
        rows = chosen[(column == number) & view.frame[name].iloc[chosen].notna().to_numpy()]
        right = view.frame[name].iloc[rows].reset_index(drop=True)
        wrong = _wrong(view.frame[name], right, plan.rng(kind, name))
        differs = (wrong != right.astype(wrong.dtype)).to_numpy(dtype=bool)
        rows, right, wrong = rows[differs], right[differs], wrong[differs]
        if len(rows) == 0:
            continue
        if kind == "late_correction":
            plan.cells[name].change(kind, rows, wrong)
            plan.copies.append((kind, rows, {name: right.reset_index(drop=True)}))
        else:
            plan.copies.append((kind, rows, {name: wrong.reset_index(drop=True)}))


def _correctable(view: View, column: str) -> bool:
    kind = view.columns[column].type
    if view.is_key(column) or column == "unit":
        return False
    few = kind not in WORDS or 2 <= view.frame[column].nunique() <= 200
    return few and kind in (*NUMBERS, *WORDS, *TRUTH_VALUES)


def _wrong(all_values: pd.Series, right: pd.Series, rng: Rng) -> pd.Series:
    """Return other, believable values: numbers 10 to 50 % off, another word of the column."""
    count = len(right)
    if pd.api.types.is_bool_dtype(right.dtype):
        return ~right
    if texts.is_number(right):
        factor = 1 + rng.uniform(0.1, 0.5, count) * rng.choice([-1, 1], count)
        whole = pd.api.types.is_integer_dtype(right.dtype)
        wrong = (right.astype("float64") * factor).round(0 if whole else 2)
        return wrong.astype(right.dtype) if whole else wrong
    words = np.sort(np.array(list(all_values.dropna().astype("str").unique()), dtype=object))
    place = np.searchsorted(words, right.astype("str").to_numpy(dtype=object))
    step = rng.integers(1, max(2, len(words)), count)
    return pd.Series(words[(place + step) % len(words)], dtype="str")


def _plant_copies(plan: _Plan) -> None:
    _versions(plan, "contradiction")
    everyone = np.arange(len(plan.view.frame))
    for kind in ("exact_duplicate", "near_duplicate"):
        share = plan.shares.get(kind, 0.0)
        if share and (kind == "exact_duplicate" or plan.view.times):
            plan.copies.append((kind, draw(plan.rng(kind), everyone, share), {}))


def _exported(plan: _Plan) -> pd.Series | None:
    """Return when each row was exported: 1 to 59 minutes after its last time."""
    if not plan.view.times:
        return None
    last = plan.view.frame[plan.view.times].max(axis=1)
    delay = plan.rng("exported_at").integers(1, 60, len(last)) * MINUTE
    return last + pd.Series(delay)


_DELAYS: Final[Mapping[str, tuple[int, int]]] = {
    # minutes from the export of the row to that of its copy, upper limit excluded
    "near_duplicate": (5, 3 * 24 * 60),
    "contradiction": (1, 60),
    "late_correction": (24 * 60, 20 * 24 * 60),
    "exact_duplicate": (0, 1),
}


@dataclass
class _File:
    """The rows of the file before they are ordered: clean row and time of export of each."""

    rows: Rows
    exported: pd.Series | None


def _finish(plan: _Plan) -> tuple[pd.DataFrame, Rows, list[pd.DataFrame]]:
    """Return the table as the file has it, the clean row of each row, and the defects."""
    file = _stack(plan)
    count = len(plan.view.frame)
    table = pd.DataFrame(index=pd.RangeIndex(len(file.rows)))
    starts = count + np.cumsum([0, *(len(rows) for _, rows, _ in plan.copies)])
    for name, cells in plan.cells.items():
        column = cells.final().iloc[file.rows].reset_index(drop=True)
        for start, (_, rows, own) in zip(starts, plan.copies, strict=False):
            if name in own:
                column = _put(column, start + np.arange(len(rows)), own[name], cells)
        table[name] = column
    if file.exported is not None:
        table[EXPORTED_AT] = file.exported
    order, moved = _order(plan, file)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    notes = [*_cell_notes(plan, place), *_copy_notes(plan, file, table, starts, place)]
    if len(moved):
        notes.append(_notes(plan, "out_of_order", "", file.rows[moved], place[moved], "", ""))
    return table.iloc[order].reset_index(drop=True), file.rows[order], notes


def _stack(plan: _Plan) -> _File:
    exported = _exported(plan)
    count = len(plan.view.frame)
    parts, times = [np.arange(count)], [exported]
    for kind, rows, own in plan.copies:
        parts.append(rows)
        if exported is not None:
            low, high = _DELAYS[kind]
            delay = plan.rng(f"{kind}.delay", next(iter(own), "")).integers(low, high, len(rows))
            times.append(exported.iloc[rows].reset_index(drop=True) + pd.Series(delay * MINUTE))
    together = None if exported is None else pd.concat([t for t in times if t is not None])
    return _File(
        np.concatenate(parts),
        None if together is None else together.reset_index(drop=True),
    )


def _put(column: pd.Series, places: Rows, values: pd.Series, cells: _Cells) -> pd.Series:
    """Give copies a value of their own, in the form that the column has."""
    if cells.written is not None:
        values = pd.Series(texts.canonical(values), dtype="str")
    elif isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype("str")
    array = column.to_numpy(copy=True) if column.dtype != "str" else column.to_numpy(dtype=object)
    array[places] = values.to_numpy()
    return pd.Series(array, dtype=column.dtype)


def _order(plan: _Plan, file: _File) -> tuple[Rows, Rows]:
    """Return the order of the file (by time of export if there is one) and the rows displaced."""
    if file.exported is None:
        return np.arange(len(file.rows)), np.arange(0)
    order = np.argsort(file.exported.to_numpy(), kind="stable")
    share = plan.shares.get("out_of_order", 0.0)
    rng = plan.rng("out_of_order")
    moved = draw(rng, np.arange(len(plan.view.frame)), share)
    moved = moved[file.exported.iloc[moved].notna().to_numpy()]
    rank = np.empty(len(order))
    rank[order] = np.arange(len(order))
    rank[moved] += rng.integers(5, 200, len(moved)) + 0.5
    order = np.argsort(rank, kind="stable")
    exported = file.exported.to_numpy().astype("datetime64[s]").astype("int64")[order]
    exported = np.where(exported == np.iinfo("int64").min, np.iinfo("int64").max, exported)
    latest = np.maximum.accumulate(np.where(exported == np.iinfo("int64").max, 0, exported))
    late = np.zeros(len(order), dtype=bool)
    late[order] = exported < latest
    return order, moved[late[moved]]


# --- the list of defects


def _cell_notes(plan: _Plan, place: Rows) -> list[pd.DataFrame]:
    notes = []
    for name, cells in plan.cells.items():
        for kind, rows in cells.hits.items():
            if len(rows) == 0:
                continue
            true = texts.canonical(cells.clean.iloc[rows], texts.date_only(cells.clean))
            if cells.written is None:
                written = texts.canonical(cells.values.iloc[rows], texts.date_only(cells.clean))
            else:
                written = cells.written[rows]
            notes.append(_notes(plan, kind, name, rows, place[rows], true, written))
    return notes


def _copy_notes(
    plan: _Plan, file: _File, table: pd.DataFrame, starts: Rows, place: Rows
) -> list[pd.DataFrame]:
    notes = []
    for start, (kind, rows, own) in zip(starts, plan.copies, strict=False):
        if kind == "late_correction" or len(rows) == 0:
            continue  # noted on the first version, which is the wrong one
        column = next(iter(own), EXPORTED_AT if kind == "near_duplicate" else "")
        true: Texts | str = ""
        written: Texts | str = ""
        copies = start + np.arange(len(rows))
        if column == EXPORTED_AT and file.exported is not None:
            true = texts.canonical(file.exported.iloc[rows], False)
            written = texts.canonical(file.exported.iloc[copies], False)
        elif column:
            true = texts.canonical(plan.view.frame[column].iloc[rows])
            written = texts.canonical(table[column].iloc[copies])
        notes.append(_notes(plan, kind, column, rows, place[copies], true, written))
    return notes


def _notes(
    plan: _Plan,
    kind: str,
    column: str,
    rows: Rows,
    places: Rows,
    true: Texts | str,
    written: Texts | str,
) -> pd.DataFrame:
    view = plan.view
    key: Texts | str = ""
    if view.primary is not None:
        key = view.frame[view.primary].iloc[rows].to_numpy(dtype=object)
    frame = pd.DataFrame({"table": view.name, "row": rows, "key": key, "written_row": places})
    frame["column"], frame["kind"] = column, kind
    frame["true"] = pd.Series(true, index=frame.index, dtype="str")
    frame["written"] = pd.Series(written, index=frame.index, dtype="str")
    return frame[list(NOTE_COLUMNS)]
