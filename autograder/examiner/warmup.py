"""Use the libraries of an assignment once before forking, on made-up data.

What Python and its libraries do at first use (lazy imports, caches, specialised bytecode) is
then shared by all forks instead of being done again, and written again, in each of them.
"""

import contextlib
import io
import re
import sys
import warnings
from collections.abc import Callable
from datetime import datetime
from typing import Any

# Python specialises a function's bytecode after about a dozen calls
_TIMES = 12


def warm_up() -> None:
    """Exercise every known library that is imported; what fails is left cold."""
    libraries = {
        "numpy": _numpy,
        "pandas": _pandas,
        "sklearn": _sklearn,
        "sklearn.linear_model": _linear_models,
        "sklearn.ensemble": _forests,
    }
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        _repeat(_standard_library)
        for name, exercise in libraries.items():
            if name in sys.modules:
                _repeat(exercise)
        if "matplotlib.pyplot" in sys.modules:
            _attempt(_figure)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def _repeat(exercise: Callable[[], None]) -> None:
    for _ in range(_TIMES):
        if not _attempt(exercise):
            return


def _attempt(exercise: Callable[[], None]) -> bool:
    try:
        exercise()
    except Exception:
        return False
    return True


def _standard_library() -> None:
    datetime.strptime("03/04/2020 12:30", "%d/%m/%Y %H:%M").isoformat()
    re.compile(r"(\d+)[.,](\d+) *(h|min)?").fullmatch("12,5 h")
    sorted({"a": 1, "b": 2}.items(), key=lambda pair: pair[1])
    f"{3.14159:.2f} {'x':>5}"


def _numpy() -> None:
    import numpy as np

    draw = np.random.default_rng(0)
    values = draw.normal(size=(8, 3))
    np.isclose(values.mean(axis=0), values.std(axis=0)).all()
    np.where(values > 0, values, np.nan)
    np.quantile(values, [0.25, 0.75])
    draw.integers(0, 5, 8), draw.choice(["a", "b"], 8), draw.random(8)
    np.testing.assert_allclose(values, values)


def _pandas() -> None:
    import pandas as pd

    table = _table(pd)
    table._repr_html_()
    str(table), str(table["number"]), str(table["text"].value_counts())
    text = table.to_csv(index=False, sep=";", decimal=",")
    read = pd.read_csv(io.StringIO(text), sep=";", decimal=",", dtype={"text": str})
    pd.read_csv(io.StringIO(text), sep=";", dtype=str, keep_default_na=False, na_values=["", "NR"])
    read["time"] = pd.to_datetime(read["time"], format="%Y-%m-%d", errors="coerce")
    read["time"].dt.hour.add(1).mean()
    groups = table.groupby("text")
    groups["number"].median().to_dict()
    groups.agg(n=("number", "size"), mean=("number", "mean")).reset_index()
    table.merge(read[["key", "whole"]], on="key", how="left", suffixes=("", "_2"))
    table.sort_values(["text", "number"]).drop_duplicates("text").reset_index(drop=True)
    table.loc[table["number"].notna() & table["text"].isin(["a"]), ["key", "number"]].copy()
    table.assign(more=table["number"].fillna(0) * 2).duplicated(["text"], keep=False).sum()
    table["text"].str.strip().str.replace(",", ".").str.lower().map({"a": 1})
    pd.to_numeric(table["text"], errors="coerce").isna().all()
    table["number"].apply(lambda value: value).astype(float).tolist()
    pd.concat([table, table]).describe()
    table.pivot_table(index="text", values="number", aggfunc="sum")
    [tuple(row) for row in table.itertuples()], table.to_dict("records")
    pd.testing.assert_frame_equal(table, table.copy())
    pd.testing.assert_series_equal(table["text"], table["text"].copy())


def _table(pd: Any) -> Any:
    return pd.DataFrame(
        {
            "key": [1, 2, 3, 4],
            "text": ["a", "b", None, "a"],
            "number": [1.5, None, 2.5, 3.5],
            "whole": [1, 2, 3, 4],
            "time": pd.to_datetime(["2020-01-01", None, "2020-01-03", "2020-01-04"]),
        }
    )


def _sklearn() -> None:
    import numpy as np
    from sklearn.utils.validation import check_array

    check_array(np.zeros((3, 2)))


def _toy() -> tuple[Any, Any]:
    import numpy as np

    values = np.arange(24.0).reshape(12, 2) % 5
    classes = np.array([0, 1] * 6)
    if "pandas" in sys.modules:
        import pandas as pd

        return pd.DataFrame(values, columns=["a", "b"]), pd.Series(classes)
    return values, classes


def _linear_models() -> None:
    from sklearn.linear_model import LinearRegression, LogisticRegression

    values, classes = _toy()
    LogisticRegression().fit(values, classes).predict_proba(values)
    LinearRegression().fit(values, classes).predict(values)


def _forests() -> None:
    from sklearn.ensemble import RandomForestClassifier

    values, classes = _toy()
    RandomForestClassifier(n_estimators=2).fit(values, classes).predict_proba(values)


def _figure() -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([0, 1], label="a")
    axes.legend()
    figure.savefig(io.BytesIO(), format="png")
    plt.close(figure)
