"""What an export gives back: the tables with their defects, the truth, the list of defects."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from health_datasets.virtual_hospital.export import texts
from health_datasets.virtual_hospital.export.files import new_folder
from health_datasets.virtual_hospital.streams import stream

EXPORTED_AT: Final = "exported_at"
COPIES: Final = ("exact_duplicate", "near_duplicate")
VERSIONS: Final = ("contradiction", "late_correction")
UNIT_CHANGES: Final = ("unit_change", "silent_unit_change")
# a value converted to another unit and rounded comes back within this much
UNIT_TOLERANCE: Final = 0.02


@dataclass(frozen=True)
class Export:
    """An export with planted defects and the truth about it. Nobody in it is real.

    Attributes:
        tables: as a file would hold them, by name; the index is the number of the row in the
            file. A table with times has one more column, `exported_at` (datetime), and is in
            its order. Columns hit by a defect of writing are text.
        truth: the clean tables, by name, rows numbered from 0.
        rows: for each table, the row of `truth` that each row of the file comes from.
        defects: one row a planted defect: `table`, `row` (of `truth`), `key` (value of the
            primary key, empty without one), `written_row` (of `tables`), `column` (empty for a
            whole row), `kind`, `true` (text in canonical form: ISO dates, decimal points,
            empty if absent), `written` (as the file has it). A row that is written twice has
            the defects of its cells listed once, for its first version.
        mechanisms: `table`, `column`, `kind`, `detail`: what absences depend on, which unit
            changed when, which clock is wrong by how much.
        seed: of the export.
    """

    tables: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]
    rows: dict[str, NDArray[np.int64]]
    defects: pd.DataFrame
    mechanisms: pd.DataFrame
    seed: int

    def encoding(self, table: str) -> str:
        """Return the encoding in which `write` writes a table: `cp1252` or `utf-8`.

        Drawn from the seed; a table that cp1252 cannot hold is in UTF-8.
        """
        if stream(self.seed, f"export.encoding.{table}").random() < 0.5:
            return "utf-8"
        words = self.tables[table].select_dtypes(["str", "category"])
        try:
            for name in words:
                "".join(words[name].dropna().astype("str").unique()).encode("cp1252")
        except UnicodeEncodeError:
            return "utf-8"
        return "cp1252"

    def write(self, folder: str | Path) -> Path:
        """Write the tables as French hospital software does, one CSV file each.

        Semicolons, CRLF, a decimal comma, dates as 05/01/2023 13:00:00, truth values as O and
        N, nothing for an absent value; cp1252 or UTF-8 (see `encoding`). The truth stays here.

        Args:
            folder: made by this call; it may exist if it is empty.

        Returns:
            The folder.

        Raises:
            FileExistsError: the folder is not empty.
        """
        with new_folder(folder) as partial:
            for name, table in self.tables.items():
                _as_french(table).to_csv(
                    partial / f"{name}.csv",
                    sep=";",
                    index=False,
                    decimal=",",
                    encoding=self.encoding(name),
                    lineterminator="\r\n",
                )
        return Path(folder)

    def repaired(self, table: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Count the defects that a cleaned table no longer has.

        Args:
            table: its name.
            frame: what was made of `tables[table]`; its index still says the rows of the file.
                Columns may have been left out, or left as text where the truth has numbers or
                moments: their defects count as not repaired.

        Returns:
            One row a kind planted in this table: `kind`, `planted`, `repaired`, `lost` (no
            version of the row is left). A cell is repaired if every version of its row that is
            left has the true value (numbers within 2 % after a change of unit). Of versions
            that disagree, one alone must be left. A copy must be gone, or left alone. A row out
            of order must come after no row that was exported later. An absence is repaired
            only if the true value is put back.
        """
        planted = self.defects[self.defects["table"] == table]
        rows = self.rows[table][frame.index.to_numpy()]
        left = np.bincount(rows, minlength=len(self.truth[table]))
        result = []
        for kind, some in planted.groupby("kind", sort=False):
            count = left[some["row"].to_numpy()]
            lost = count == 0
            if kind in COPIES:
                still = np.isin(some["written_row"].to_numpy(), frame.index.to_numpy())
                good = (count == 1) | ~still
            elif kind in VERSIONS:
                good = self._cells_good(table, some, frame, rows) & (count == 1)
            elif kind == "out_of_order":
                good = self._in_order(table, some, frame, rows)
            else:
                good = self._cells_good(table, some, frame, rows)
            good &= ~lost
            result.append((kind, len(some), int(good.sum()), int(lost.sum())))
        return pd.DataFrame(result, columns=["kind", "planted", "repaired", "lost"])

    def _cells_good(
        self, table: str, some: pd.DataFrame, frame: pd.DataFrame, rows: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        good = np.zeros(len(some), dtype=bool)
        for column, part in some.groupby("column"):
            if column not in frame:
                continue
            true = self.truth[table][column]
            tolerance = UNIT_TOLERANCE if part["kind"].iloc[0] in UNIT_CHANGES else 1e-9
            same = _same(frame[column], true.iloc[rows], tolerance)
            wrong = np.bincount(rows, weights=~same, minlength=len(true))
            good[some.index.get_indexer(part.index)] = wrong[part["row"]] == 0
        return good

    def _in_order(
        self, table: str, some: pd.DataFrame, frame: pd.DataFrame, rows: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        exported = self.tables[table][EXPORTED_AT].to_numpy()[frame.index.to_numpy()]
        known = ~np.isnat(exported)
        seconds = np.where(known, exported.astype("datetime64[s]").astype("int64"), 0)
        late = known & (seconds < np.maximum.accumulate(seconds))
        place = pd.Series(np.arange(len(frame)), index=frame.index)
        at = place.reindex(some["written_row"]).to_numpy()
        return np.array([np.isnan(i) or not late[int(i)] for i in at], dtype=bool)


def _same(found: pd.Series, true: pd.Series, tolerance: float) -> NDArray[np.bool_]:
    """Compare a column cell by cell with the true one; text is no number and no moment."""
    absent, true_absent = found.isna().to_numpy(), true.isna().to_numpy()
    if texts.is_datetime(true):
        if not texts.is_datetime(found):
            return np.zeros(len(true), dtype=bool)
        equal = found.to_numpy().astype("datetime64[s]") == true.to_numpy().astype("datetime64[s]")
    elif texts.is_number(true):
        if not texts.is_number(found):
            return np.zeros(len(true), dtype=bool)
        number = found.to_numpy(dtype=float, na_value=np.nan)
        wanted = true.to_numpy(dtype=float, na_value=np.nan)
        equal = np.isclose(number, wanted, rtol=tolerance, atol=1e-9)
    else:
        equal = texts.canonical(found) == texts.canonical(true)
    return np.asarray((equal & ~absent & ~true_absent) | (absent & true_absent))


def _as_french(table: pd.DataFrame) -> pd.DataFrame:
    written: dict[str, Any] = {}
    for name, values in table.items():
        if texts.is_datetime(values):
            written[str(name)] = texts.moments(values, "french", texts.date_only(values))
        elif pd.api.types.is_bool_dtype(values.dtype):
            written[str(name)] = values.map({True: "O", False: "N"})
        else:
            written[str(name)] = values
    return pd.DataFrame(written)
