"""Tables as Parquet files or in a DuckDB database, with their types and their documentation.

Both are written by DuckDB: no other package is needed. Names, types, keys and meanings of the
columns go along: as comments on tables and columns in DuckDB, in the metadata of the Parquet
file under the key `columns` (JSON).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from health_datasets.virtual_hospital.export import HasTables, meanings, read
from health_datasets.virtual_hospital.export.files import new_file, new_folder, optional
from health_datasets.virtual_hospital.tables import Column, definition


def to_parquet(
    hospital: HasTables, folder: str | Path, tables: str | Iterable[str] | None = None
) -> Path:
    """Write tables as `folder/<table>.parquet` (zstd), types kept.

    Args:
        hospital: the hospital.
        folder: made by this call; it may exist if it is empty.
        tables: names, all by default.

    Returns:
        The folder.

    Raises:
        FileExistsError: the folder is not empty. FileNotFoundError: its parent does not exist.
        ModuleNotFoundError: DuckDB is not installed; the message says how to install it.
        UnknownTableError: there is no such table.
    """
    frames = read(hospital, tables)
    return write_parquet(frames, meanings(frames), folder)


def write_parquet(
    frames: Mapping[str, pd.DataFrame],
    columns: Mapping[str, Sequence[Column]],
    folder: str | Path,
) -> Path:
    """Write any frames as Parquet files; `columns` documents those that have a meaning."""
    duckdb = optional("duckdb", "duckdb>=2,<3")
    with new_folder(folder) as partial, duckdb.connect(":memory:") as connection:
        for name, frame in frames.items():
            connection.register("frame", frame)
            about = json.dumps(_described(frame, columns.get(name, ())), ensure_ascii=False)
            target = str(partial / f"{name}.parquet")
            connection.execute(
                f"COPY (SELECT * FROM frame) TO {_quoted(target)} "
                f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{columns: {_quoted(about)}}})"
            )
            connection.unregister("frame")
    return Path(folder)


def read_parquet(path: str | Path) -> pd.DataFrame:
    """Read a file of `to_parquet` with the types that the table had, categories included.

    Raises:
        FileNotFoundError: there is no such file.
    """
    duckdb = optional("duckdb", "duckdb>=2,<3")
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no file {path}")
    name = _quoted(str(path))
    with duckdb.connect(":memory:") as connection:
        frame = connection.execute(f"SELECT * FROM read_parquet({name})").df()
        found = connection.execute(
            f"SELECT value FROM parquet_kv_metadata({name}) WHERE key = 'columns'"
        ).fetchone()
    for column in json.loads(found[0]) if found else []:
        kind: Any = column["dtype"]
        if kind == "category":
            kind = pd.CategoricalDtype(column["categories"], column["ordered"])
        frame[column["name"]] = frame[column["name"]].astype(kind)
    return pd.DataFrame(frame)


def _described(frame: pd.DataFrame, columns: Sequence[Column]) -> list[dict[str, Any]]:
    known = {column.name: column for column in columns}
    described = []
    for name, values in frame.items():
        one: dict[str, Any] = {"name": name, "dtype": str(values.dtype)}
        if isinstance(values.dtype, pd.CategoricalDtype):
            one["categories"] = [str(value) for value in values.cat.categories]
            one["ordered"] = bool(values.cat.ordered)
        column = known.get(str(name))
        if column is not None:
            one |= {"unit": column.unit, "key": column.key, "meaning": column.meaning}
        described.append(one)
    return described


def to_duckdb(
    hospital: HasTables, path: str | Path, tables: str | Iterable[str] | None = None
) -> Path:
    """Write tables into a new DuckDB database, types kept, documented by comments.

    A comment gives the meaning of a column, its unit and its key:
    `SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'stays'`.

    Args:
        hospital: the hospital.
        path: of the database, a new file.
        tables: names, all by default.

    Returns:
        The path.

    Raises:
        FileExistsError: the file exists. FileNotFoundError: its folder does not.
        ModuleNotFoundError: DuckDB is not installed; the message says how to install it.
        UnknownTableError: there is no such table.
    """
    frames = read(hospital, tables)
    about = {name: definition(name).english for name in frames}
    return write_duckdb(frames, meanings(frames), path, about)


def write_duckdb(
    frames: Mapping[str, pd.DataFrame],
    columns: Mapping[str, Sequence[Column]],
    path: str | Path,
    about: Mapping[str, str],
) -> Path:
    """Write any frames into a new database; `about` says what each table is."""
    duckdb = optional("duckdb", "duckdb>=2,<3")
    with new_file(path) as partial, duckdb.connect(str(partial)) as connection:
        for name, frame in frames.items():
            connection.register("frame", frame)
            table = _identifier(name)
            connection.execute(f"CREATE TABLE {table} AS SELECT * FROM frame")
            connection.unregister("frame")
            if name in about:
                connection.execute(f"COMMENT ON TABLE {table} IS {_quoted(about[name])}")
            for column in columns.get(name, ()):
                target = f"{table}.{_identifier(column.name)}"
                connection.execute(f"COMMENT ON COLUMN {target} IS {_quoted(_comment(column))}")
    return Path(path)


def _comment(column: Column) -> str:
    text = column.meaning
    if column.unit:
        text += f"; unit: {column.unit}"
    if column.key:
        text += "; primary key" if column.key == "primary" else f"; key of {column.key}"
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
