"""The wire: plain data comes back exact, the rest by reference, hostile bytes as WireError."""

import enum
import math
import random
import socket
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
import uuid
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as clock
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import msgpack
import numpy as np
import pandas as pd
import pytest

from autograder.examiner import wire
from autograder.examiner.wire import Limits, Reference, WireError, decode, encode, receive, send

PARIS = zoneinfo.ZoneInfo("Europe/Paris")


def again(value: Any) -> Any:
    return decode(encode(value))


def same(left: Any, right: Any) -> bool:
    """Equal to the last bit: types, signs of zero, missing values, dtypes, labels, order."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return struct.pack("d", left) == struct.pack("d", right)
    if isinstance(left, complex):
        return same(left.real, right.real) and same(left.imag, right.imag)
    if isinstance(left, (list, tuple, deque)):
        pairs = len(left) == len(right) and all(map(same, left, right))
        return pairs and getattr(left, "maxlen", 0) == getattr(right, "maxlen", 0)
    if isinstance(left, dict):
        factories = getattr(left, "default_factory", 0) is getattr(right, "default_factory", 0)
        return factories and same([*left.items()], [*right.items()])
    if isinstance(left, (set, frozenset)):
        return same(sorted(left, key=repr), sorted(right, key=repr))
    if isinstance(left, np.ma.MaskedArray):
        return same(left.data, right.data) and same(left.mask, right.mask)
    if isinstance(left, np.ndarray):
        return _same_array(left, right)
    if isinstance(left, np.generic):
        return _same_array(np.asarray(left), np.asarray(right))
    if isinstance(left, (pd.DataFrame, pd.Series, pd.Index, pd.api.extensions.ExtensionArray)):
        return _same_pandas(left, right)
    if isinstance(left, (datetime, clock)):
        zones = type(left.tzinfo) is type(right.tzinfo) and str(left.tzinfo) == str(right.tzinfo)
        units = getattr(left, "unit", 0) == getattr(right, "unit", 0)
        return repr(left) == repr(right) and left.fold == right.fold and zones and units
    if left is pd.NaT or left is pd.NA:
        return left is right
    return repr(left) == repr(right) or bool(left == right)


def _same_array(left: Any, right: Any) -> bool:
    flags = [name for name in ("C", "F", "W") if left.flags[name] != right.flags[name]]
    if flags or left.dtype != right.dtype or left.shape != right.shape:
        return False
    if left.dtype == object:
        return same(left.ravel().tolist(), right.ravel().tolist())
    if left.dtype.names or left.dtype.char in "gG":  # what is in their padding does not count
        return bool((left == right).all())
    return bool(left.tobytes() == right.tobytes())


def _same_pandas(left: Any, right: Any) -> bool:
    if isinstance(left, pd.DataFrame):
        pd.testing.assert_frame_equal(left, right, check_freq=True, check_exact=True)
        columns = [
            same(a.array, b.array)
            for (_, a), (_, b) in zip(left.items(), right.items(), strict=True)
        ]
        labels = same(left.columns, right.columns) and same(left.index, right.index)
        return all(columns) and labels and left.attrs == right.attrs and left.flags == right.flags
    if isinstance(left, pd.Series):
        pd.testing.assert_series_equal(left, right, check_freq=True, check_exact=True)
        parts = same(left.array, right.array) and same(left.index, right.index)
        return parts and same(left.name, right.name) and left.attrs == right.attrs
    if isinstance(left, pd.Index):
        pd.testing.assert_index_equal(left, right, exact=True, check_exact=True, check_freq=True)
        freqs = getattr(left, "freq", None) == getattr(right, "freq", None)
        if isinstance(left, pd.MultiIndex):
            levels = same(list(left.levels), list(right.levels))
            return levels and same(list(left.names), list(right.names))
        return freqs and left.dtype == right.dtype and same(left.name, right.name)
    pd.testing.assert_extension_array_equal(left, right, check_exact=True)
    if isinstance(left.dtype, pd.StringDtype) and left.dtype.storage != right.dtype.storage:
        return False
    return left.dtype == right.dtype and same(
        left.astype(object).tolist(), right.astype(object).tolist()
    )


PLAIN: list[Any] = [
    *(None, True, False, ..., NotImplemented, 0, -1, 2**63, -(2**63), 2**64, -(2**64), 3**5000),
    *(0.0, -0.0, 1.5, math.inf, -math.inf, math.nan, float("nan"), 5e-324, 1e308),
    *(
        1j,
        complex(-0.0, math.nan),
        "",
        "é🙂",
        "\ud83d alone",
        "\0",
        b"",
        b"\0\xff",
        bytearray(b"x"),
    ),
    [],
    [1, "a", None, 2.5, True, b"b", 2**70, math.nan],
    [[1], (2,), {3: [4]}, {5}, frozenset({6, (7, "x")})],
    (),
    (1, (2, (3,))),
    {"b": 1, "a": {"nested": [1, 2]}, 3: 4, None: 5, (1, 2): 6, 2.5: 7, frozenset("a"): 8},
    {math.nan: 1, "z": math.nan},
    {i: str(i) for i in range(1000)},
    {*range(-100, 1000), "x"},
    OrderedDict(b=1, a=2),
    defaultdict(list, a=[1]),
    defaultdict(None, a=1),
    Counter("abracadabra"),
    deque([1, [2]], maxlen=3),
    deque(),
    slice(1, None, (2,)),
    *(range(3), range(10, -(2**80), -3)),
    *(date(1, 1, 1), date.max, datetime.max, datetime(2020, 10, 25, 2, 30, fold=1)),
    *(datetime(2020, 10, 25, 2, 30, 0, 7, tzinfo=PARIS, fold=fold) for fold in (0, 1)),
    datetime(2020, 1, 1, tzinfo=UTC),
    datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=-3, seconds=1), "name")),
    *(clock(1, 2, 3, 4), clock(1, tzinfo=timezone(timedelta(minutes=90)))),
    *(timedelta.min, timedelta(1, 2, 3), PARIS, UTC, timezone(timedelta(0), "Z")),
    *(Decimal("-0"), Decimal("1.10"), Decimal("NaN12"), Decimal("sNaN"), Decimal("1E+9999")),
    *(Fraction(-1, 3), uuid.UUID(int=7), uuid.uuid1()),
    *(Path("/a/é"), Path(), PurePosixPath("a//b"), PureWindowsPath("c:\\x")),
    *(int, dict, ValueError, np.float32, object, type),
]

RECORD = np.dtype({"names": ["a", "é"], "formats": ["<i2", ("<f4", (2, 2))], "itemsize": 40})
OBJECTS = np.empty(5, object)
OBJECTS[:] = ["a", None, math.nan, 3, (1,)]
OBJECTS[1], OBJECTS[3] = [1, 2], np.arange(3)

NUMPY: list[Any] = [
    *(kind(1) for kind in (np.bool_, np.int8, np.uint64, np.longlong, np.intc, np.ulonglong)),
    *(kind(0.1) for kind in (np.float16, np.float32, np.float64, np.longdouble, np.complex64)),
    *(np.float64("nan"), np.float32("-inf"), np.str_("é\ud800"), np.bytes_(b"x\0y")),
    *(np.datetime64("2020-01-01T00:00", "m"), np.datetime64("NaT"), np.timedelta64(3, "25s")),
    *(np.timedelta64(3), np.zeros(1, RECORD)[0], np.void(b"abc"), np.ma.masked),
    *(np.dtype("f8"), np.dtype("<M8[ns]"), RECORD, np.dtype(object), np.dtype(">U3")),
    *(np.arange(6, dtype=code) for code in "bBhHiIlLefdgFDG"),
    *(np.array([True, False]), np.array(["é", "abc"]), np.array([b"x"]), np.array(5), np.array("")),
    *(np.zeros(0), np.zeros((0, 3), "i2"), np.zeros((3, 0, 2)), np.array([], object)),
    *(np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(24).reshape(2, 3, 4)),
    *(np.arange(3, dtype=">i4"), np.array([1.5], ">f8"), np.array(["ab"], ">U2")),
    np.array(["2020-01-01", "NaT"], "M8[us]"),
    np.array([1, 2], "m8[7D]"),
    np.array([(1, np.ones((2, 2)))], RECORD),
    np.zeros(2, np.dtype([("x", "?"), ("y", "U2")], align=True)),
    *(
        OBJECTS,
        np.asfortranarray(np.array([["a", None], [1, 2.5]], object)),
        np.array([b"abc"], "V3"),
    ),
    np.ma.array([1.0, 2.0], mask=[True, False]),
    [np.float64(1), np.int64(2), math.nan, np.nan],
]
FROZEN = np.arange(3)
FROZEN.flags.writeable = False
NUMPY.append(FROZEN)


def _series(values: Any, dtype: Any = None, **more: Any) -> pd.Series:
    return pd.Series(values, dtype=dtype, **more)


MIXED = _series([1, "a", None, math.nan, pd.NA, pd.NaT, [1, 2], {"k": 1}, date(2020, 1, 1)], object)
ZONED = pd.date_range("2020-03-28", periods=4, freq="12h", tz="Europe/Paris")
WIDE = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.5, math.nan], "d": [[1], {2: 3}]})
TWICE = pd.DataFrame([[1, 2.5, "x"]], columns=["a", "a", ("b", 1)])
NOTED = pd.DataFrame({"x": [1.0]})
NOTED.attrs["source"] = {"page": [1]}
NOTED.flags.allows_duplicate_labels = False
MULTI = pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["letter", None])[[0, 3, 1]]

PANDAS: list[Any] = [
    *(pd.NaT, pd.NA, [pd.NA, pd.NaT, "x", math.nan], {pd.NaT: pd.NA}),
    *(pd.Timestamp("2020-01-01 00:00:00.123456789"), pd.Timestamp("2020").as_unit("s")),
    *(ZONED[2], pd.Timestamp("2020", tz="UTC"), pd.Timestamp("2020", tz="+02:00")),
    pd.Timestamp(datetime(2020, 10, 25, 2, 30, tzinfo=PARIS, fold=1)),
    *(pd.Timestamp("1500-01-01").as_unit("s"), pd.Timestamp("2020-10-25").replace(fold=1)),
    *(pd.Timedelta("1 day 3ns"), pd.Timedelta(5, "s").as_unit("ms")),
    *(pd.Period("2020-03", "M"), pd.Period("2020Q1", "Q-NOV"), pd.Period("2020", "3D")),
    *(pd.Interval(0, 1.5, "both"), pd.Interval(ZONED[0], ZONED[1])),
    *(
        pd.Int64Dtype(),
        pd.CategoricalDtype(["b", "a"], True),
        ZONED.dtype,
        pd.StringDtype("python"),
    ),
    *(pd.PeriodDtype("M"), pd.IntervalDtype("int64", "left"), pd.SparseDtype("f4", 1.0)),
    *(
        pd.RangeIndex(1, 9, 3, name="r"),
        pd.Index([3, 1], name=("t", 1)),
        pd.Index([], dtype=object),
    ),
    *(pd.Index(["a", None]), pd.Index(["a", 1], name="n"), pd.Index([1.5, math.nan], dtype="f4")),
    *(pd.Index([1, None], dtype="Int8"), pd.Index([True, False]), pd.Index(["a"], dtype=object)),
    *(ZONED, ZONED[[2, 0]], pd.date_range("2020", periods=3, freq="MS", name="m", unit="s")),
    *(
        pd.date_range("2020", periods=3, freq=freq)
        for freq in ("W-TUE", "QE-FEB", "B", "-2D", "7min")
    ),
    *(
        pd.timedelta_range("1h", periods=3, freq="90s"),
        pd.period_range("2020", periods=3, freq="M"),
    ),
    *(pd.CategoricalIndex(["a", "b", None], name="c"), pd.interval_range(0, 3, closed="left")),
    *(MULTI, MULTI.set_names(["a", "b"]), pd.MultiIndex.from_arrays([[], []])),
    *(MIXED, _series([], object), _series([1, 2], "Int16"), _series([1.5, None], "Float32")),
    *(
        _series([True, None], "boolean"),
        _series(["a", None]),
        _series(["a", None], "string[python]"),
    ),
    *(_series(["a", "b"], object, name=3), _series(ZONED), _series(ZONED.tz_localize(None))),
    *(
        _series(pd.to_timedelta([1, None], "s")),
        _series(pd.period_range("2020", periods=2, freq="W")),
    ),
    _series(pd.Categorical(["lo", None, "hi"], ["lo", "mid", "hi"], ordered=True)),
    _series(pd.Categorical([pd.Timestamp("2020"), None])),
    _series(pd.arrays.SparseArray([0, 0, 1, 2])),
    _series(pd.arrays.SparseArray([math.nan, 1.5], kind="block")),
    _series([1 + 2j, 0], index=["x", "x"]),
    _series(pd.arrays.IntervalArray.from_tuples([(0, 1), None, (2, 3)])),
    *(_series([1, 2], "float16"), _series([1, 2], "uint8", index=MULTI[:2])),
    *(pd.array([1, None]), pd.Categorical(["a"]), pd.array(["a", None]), pd.array(np.arange(3))),
    *(pd.DataFrame(), pd.DataFrame(index=[1, 2]), pd.DataFrame(columns=["a", "b"])),
    *(WIDE, WIDE[["a"]], WIDE[["a", "c"]], WIDE.T, WIDE.dtypes, TWICE, NOTED, WIDE.iloc[:0]),
    pd.DataFrame(
        np.arange(6).reshape(3, 2), index=ZONED[:3], columns=pd.Index(["p", "q"], name="n")
    ),
    pd.DataFrame({"z": ZONED, "c": pd.Categorical(list("abca")), "i": pd.array([1, None, 3, 4])}),
    pd.DataFrame(np.eye(3), columns=MULTI, index=MULTI),
    WIDE.set_index(["a", "b"]),
]


@pytest.mark.parametrize("value", [*PLAIN, *NUMPY, *PANDAS], ids=lambda v: type(v).__name__)
def test_plain_data_comes_back_exact(value: Any) -> None:
    found = again(value)
    assert same(value, found), (value, found)
    assert same([value, (value,)], again([value, (value,)]))


def test_the_comparison_of_these_tests_is_strict() -> None:
    different = [
        *((1, True), (0.0, -0.0), ([1], (1,)), ({"a": 1, "b": 2}, {"b": 2, "a": 1})),
        *((np.zeros(2), np.zeros(2, "f4")), (ZONED, ZONED[:]._with_freq(None)), (pd.NaT, pd.NA)),
        (np.zeros((2, 2)), np.asfortranarray(np.zeros((2, 2)))),
    ]
    for left, right in different:
        try:
            assert not same(left, right), (left, right)
        except AssertionError as error:
            assert "are different" in str(error) or "Mismatch" in str(error)


def test_one_object_stays_one_object_and_cycles_close() -> None:
    shared, array, index = [1], np.arange(3), pd.Index([1, 2])
    frame = pd.DataFrame({"a": [1, 2]}, index=index)
    found = again([shared, {"k": shared}, array, (array,), frame, [frame], index])
    assert found[0] is found[1]["k"] and found[2] is found[3][0] and found[4] is found[5][0]
    assert found[0] is not shared
    loop: list[Any] = [1]
    loop.append({"loop": (loop,)})
    back = again(loop)
    assert back[1]["loop"][0] is back
    cells = np.empty(1, object)
    cells[0] = cells
    with pytest.raises(WireError, match="itself"):
        encode(cells)


def test_the_nan_that_a_library_shares_stays_that_one() -> None:
    assert again(np.nan) is np.nan and again([np.nan, 1.0])[0] is np.nan
    assert again(math.nan) is math.nan
    assert again([float("nan")])[0] is not np.nan
    assert again(_series([np.nan, "x"], object)).tolist()[0] is np.nan


def test_arrays_can_be_written_to_unless_they_could_not_be() -> None:
    array = again(np.arange(4).reshape(2, 2))
    array[0, 0] = 7
    array.resize(4)
    frame = again(WIDE)
    frame.loc[0, "a"] = 5
    assert frame["a"].tolist() == [5, 2]


# --- by reference


class Word(str):
    def __hash__(self) -> int:
        raise AssertionError("a student's method was called")

    __eq__ = __len__ = __str__ = __repr__ = __hash__  # type: ignore[assignment]


class Meta(type):
    def __hash__(cls) -> int:
        raise AssertionError("a student's method was called")

    __name__ = property(__hash__)  # type: ignore[assignment]


class Odd(metaclass=Meta):
    def __getattribute__(self, name: str) -> Any:
        raise AssertionError("a student's method was called")


class Colour(enum.Enum):
    red = 1


class Frame(pd.DataFrame):
    pass


class Zone(zoneinfo.ZoneInfo):
    pass


def _student_list() -> Any:
    return type("Mine", (list,), {})([1])


OTHERS: list[Callable[[], Any]] = [
    *(
        lambda: len,
        lambda: Word("x"),
        lambda: Odd(),
        lambda: Odd,
        lambda: Colour.red,
        _student_list,
    ),
    *(lambda: namedtuple("P", "x")(1), lambda: Frame({"a": [1]}), lambda: {}.keys(), lambda: pd),
    *(
        lambda: np.arange(2).view(np.matrix),
        lambda: np.rec.array([(1,)], [("a", "i4")]),
        lambda: math.sin,
    ),
    lambda: defaultdict(lambda: 0),
    lambda: datetime(2020, 1, 1, tzinfo=Zone("Europe/Paris")),
    lambda: np.array([(1, None)], [("a", "i4"), ("b", object)]),
    lambda: pd.date_range("2020", periods=3, freq=pd.offsets.CDay(holidays=["2020-01-01"])),
    lambda: np.array(["a"], np.dtypes.StringDType()),
    lambda: Fraction(1, 3**10_000),
    lambda: memoryview(b"x"),
]


@pytest.mark.parametrize("make", OTHERS)
def test_everything_else_goes_by_reference(make: Callable[[], Any]) -> None:
    thing = make()
    seen: list[Any] = []

    def reference(found: Any) -> Reference:
        seen.append(found)
        return Reference("here", len(seen), {"name": "x", "mro": ["a", "b"]})

    with pytest.raises(WireError):
        encode(thing)
    cells = np.empty(2, object)
    cells[0] = thing
    data = encode([thing, {"k": thing}, (cells, 5), [1, 2]], reference)
    found = decode(data, lambda told: ("resolved", told))
    assert len(seen) == 1 and seen[0] is thing
    told = ("resolved", Reference("here", 1, {"name": "x", "mro": ["a", "b"]}))
    assert found[0] == told and found[1]["k"] is found[0] and found[2][0][0] is found[0]
    assert found[2][1] == 5 and found[3] == [1, 2]
    with pytest.raises(WireError, match="reference"):
        decode(data)


def test_what_resolve_raises_is_a_wire_error() -> None:
    data = encode([len], lambda _: Reference("here", 1, {}))

    def resolve(_: Reference) -> Any:
        raise KeyError("unknown")

    with pytest.raises(WireError):
        decode(data, resolve)
    sneaky = decode(data, lambda _: _Liar())
    assert type(sneaky[0]) is _Liar
    # a frame's index must be one, not say that it is
    with pytest.raises(WireError, match="another type than expected"):
        decode(_message(64 + 4, True, None, 1, 2, "x", 5, 6, 0, 0), lambda _: _Liar())


class _Liar:
    __class__ = pd.Index  # type: ignore[assignment]


# --- hostile bytes and bounds


def _message(*scalars: Any, buffers: bytes = b"") -> bytes:
    packed = b"".join(msgpack.packb(scalar) for scalar in scalars)
    return len(packed).to_bytes(8, "big") + packed + buffers


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no value": _message(),
    "a header alone": bytes(7),
    "a length beyond the end": (2**63).to_bytes(8, "big") + b"\xc0",
    "two values": _message(None, None),
    "a buffer nobody reads": _message(None, buffers=b"x"),
    "a msgpack array": _message([1, 2]),
    "an empty msgpack array": _message([]),
    "an empty msgpack map": _message({}),
    "a huge msgpack array": (5).to_bytes(8, "big") + b"\xdd\xff\xff\xff\xff",
    "a huge msgpack string": (5).to_bytes(8, "big") + b"\xdb\xff\xff\xff\xff",
    "a msgpack time": _message(msgpack.Timestamp(1)),
    "an unknown extension": _message(msgpack.ExtType(99, b"")),
    "a singleton with content": _message(msgpack.ExtType(2, b"x")),
    "an unknown rule": _message(39),
    "a negative rule": _message(-1),
    "a list longer than the message": _message(4, 2**40),
    "a nested list longer than the message": _message(4, -(2**40)),
    "a number nobody has": _message(0, 0),
    "an object within itself": _message(1, 5, ~1, 0, 0),
    "a rule for one object, twice": _message(*[1] * 50, 4, 0),
    "equal keys": _message(6, 2, "a", "a", 2, 1, 2),
    "keys that are equal across types": _message(6, 3, 1, True, 1.0, 3, 1, 2, 3),
    "keys without values": _message(6, 1, "a", 0),
    "a list as a key": _message(6, ~1, 4, 0, 1, 1),
    "equal elements": _message(7, 2, 1, 1),
    "a deque over its limit": _message(12, 1, 2, 1, 2),
    "a bad date": _message(17, 0),
    "a zone in another folder": _message(22, "../../etc/passwd"),
    "a zone with a root": _message(22, "/etc/localtime"),
    "a zone nobody knows": _message(22, "Mars/Olympus"),
    "an offset of two days": _message(21, 2, 0, 0, None),
    "a fraction over zero": _message(24, 1, 0),
    "a class by another name": _message(27, "os.system"),
    "a class that is none": _message(27, "eval"),
    "a path that is none": _message(26, "Popen", "x"),
    "a factory that is none": _message(10, "exec", 0, 0),
    "an array of objects in raw bytes": _message(40, 0, "|O", 1, 1, 8, buffers=bytes(8)),
    "an array of objects, too many": _message(40, 0, "|O", 2, 2**30, 2**17, 0),
    "an array larger than its bytes": _message(40, 0, "<f8", 1, 2**40, 8, buffers=bytes(8)),
    "an array of nothing, huge": _message(40, 0, "<U0", 1, 2**40, 0),
    "an array whose size overflows": _message(40, 0, "<f8", 2, 2**32, 2**32, 0),
    "an empty array with huge sides": _message(40, 0, "<f8", 3, 2**40, 2**40, 0, 0),
    "too many sides": _message(40, 0, "<f8", 65, *[1] * 65, 8, buffers=bytes(8)),
    "an unknown dtype": _message(40, 0, "<q8", 1, 0, 0),
    "a dtype of another size": _message(40, 0, "<f3", 1, 0, 0),
    "a dtype with commas": _message(40, 0, "i4,i4", 1, 0, 0),
    "a record with a pointer": _message(
        40, 0, 1, 8, False, "a", 0, "|O", 1, 1, 8, buffers=bytes(8)
    ),
    "a record over its end": _message(40, 0, 1, 8, False, "a", 8, "<f8", 1, 1, 8, buffers=bytes(8)),
    "neither true nor false": _message(40, 0, "|b1", 1, 1, 1, buffers=b"\2"),
    "a character that is none": _message(40, 0, "<U1", 1, 1, 4, buffers=b"\xff" * 4),
    "a scalar out of range": _message(42, "int8", 300),
    "a scalar of another type": _message(42, "int8", "3"),
    "a scalar by another name": _message(42, "frombuffer", 3),
    "a pointer as a scalar": _message(43, "|O", bytes(8)),
    "a period of strange length": _message(52, 1, "BusinessHour"),
    "codes without categories": _message(
        *(59, False, 40, 0, "|i1", 1, 1, 1),
        *(66, "Index", None, 60, "python", False, 1, "a", None),
        buffers=b"\5",
    ),
    "sparse places out of bounds": _message(
        *(62, "integer", 2, 3, 0, 40, 0, "|i1", 1, 1, 1, 40, 0, "<i4", 1, 1, 4),
        buffers=b"\1" + struct.pack("<i", 9),
    ),
    "a sparse array of any length": _message(
        62, "integer", 2**60, 3, 0, 40, 0, "|i1", 1, 0, 0, 40, 0, "<i4", 1, 0, 0
    ),
    "a tensor without torch": _message(71, "float32", 1, 0, 0),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_are_a_wire_error(name: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            decode(HOSTILE[name])
        assert tracemalloc.get_traced_memory()[1] < 5 * 2**20
    finally:
        tracemalloc.stop()


def test_depth_is_bounded_on_both_sides() -> None:
    deep: Any = []
    for _ in range(99):
        deep = [deep]
    assert again(deep) == deep
    with pytest.raises(WireError, match="nested"):
        encode([deep])
    data = encode([deep], limits=Limits(depth=200))
    with pytest.raises(WireError, match="nested"):
        decode(data)
    for rules in ([5, -2] * 100_000, [4, -2] * 100_000, [16] * 100_000, [1, 4, -2] * 100_000):
        with pytest.raises(WireError):
            decode(_message(*rules))
    cells: Any = None
    for _ in range(45):
        cells = {"k": np.array([cells, 1], object)} if cells else {"k": 1}
    limits = Limits(depth=300)
    assert same(decode(encode(cells, limits=limits), limits=limits), cells)


def test_size_and_count_are_bounded_on_both_sides() -> None:
    small = Limits(message_bytes=1000, items=100)
    with pytest.raises(WireError, match="larger"):
        encode("x" * 2000, limits=small)
    with pytest.raises(WireError, match="larger"):
        decode(encode("x" * 2000), limits=small)
    with pytest.raises(WireError, match="items"):
        encode([0] * 200, limits=small)
    with pytest.raises(WireError, match="items"):
        decode(encode([0] * 200), limits=small)
    # a thousand heavy things that take few bytes each
    with pytest.raises(WireError, match="items"):
        decode(encode([pd.Series(dtype=object) for _ in range(50)]), limits=Limits(items=5000))


def test_keys_made_to_collide_are_refused_at_once() -> None:
    prime = 2**61 - 1
    started = time.perf_counter()
    with pytest.raises(WireError, match="collide"):
        decode(encode([i * prime for i in range(20_000)]).replace(b"\x04", b"\x07", 1))
    shared: Any = (1,)
    for _ in range(60):
        shared = (shared, shared)
    with pytest.raises(WireError):
        encode({"short": shared}, limits=Limits(items=1000, depth=20))
    assert time.perf_counter() - started < 2


TIMES = 60


def _rearranged(data: bytes, chance: random.Random) -> bytes:
    """A message whose scalars are well formed, some of them changed, moved or missing."""
    end = 8 + int.from_bytes(data[:8], "big")
    options: dict[str, Any] = {"unicode_errors": "surrogatepass"}
    unpacker = msgpack.Unpacker(**options)
    unpacker.feed(data[8:end])
    scalars = list(unpacker)
    for _ in range(chance.choice([1, 1, 2, 4])):
        place = chance.randrange(len(scalars))
        number = chance.choice((0, 1, -1, -2, 5, 40, 60, 68, 2**31, 2**40, chance.randrange(80)))
        other = chance.choice(
            (number, number, None, True, math.nan, "", "x" * 99, "<f8", b"", b"12")
        )
        scalars[place] = chance.choice((other, chance.choice(scalars)))
        if chance.random() < 0.1:
            scalars.insert(place, chance.choice(scalars))
        elif chance.random() < 0.1 and len(scalars) > 1:
            del scalars[place]
    packed = b"".join(msgpack.packb(scalar, **options) for scalar in scalars)
    return len(packed).to_bytes(8, "big") + packed + data[end:]


def _shaken(data: bytes, chance: random.Random) -> bytes:
    way = chance.randrange(8)
    if way > 4:
        return _rearranged(data, chance)
    if way == 0:
        return data[: chance.randrange(len(data))]
    if way == 1:
        return chance.randbytes(chance.randrange(40))
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        # the scalars are more worth it than the buffers behind them
        place = chance.randrange(min(len(data), 8 + int.from_bytes(data[:8], "big")))
        if way == 2:
            changed[place] ^= 1 << chance.randrange(8)
        elif way == 3:
            changed[place] = chance.choice((0, 1, 0x7F, 0x80, 0x90, 0xC0, 0xC7, 0xDD, 0xFF, 40, 68))
        elif way == 4:
            other = chance.randrange(len(data))
            changed[place : place + 4] = changed[other : other + 4]
    return bytes(changed)


def test_shaken_messages_give_a_value_or_a_wire_error() -> None:
    chance = random.Random(20200127)
    sources = [encode(value) for value in [*PLAIN, *NUMPY, *PANDAS]]
    sources.append(encode([len, [len]], lambda _: Reference("here", 1, {"k": 1})))
    limits = Limits(message_bytes=10**6, items=100_000)
    values = 0
    for source in sources:
        for _ in range(TIMES):
            try:
                decode(_shaken(source, chance), lambda told: told, limits)
                values += 1
            except WireError:
                continue
    assert 0 < values < TIMES * len(sources)


# --- frames on a socket


def test_messages_of_any_size_pass_a_socket() -> None:
    left, right = socket.socketpair()
    for deadline in (None, time.monotonic() + 20):
        for message in (b"", b"x", b"y" * 3_000_000):
            sender = threading.Thread(target=send, args=(left, message, deadline))
            sender.start()
            assert receive(right, deadline=deadline) == message
            sender.join()
    left.close()
    right.close()


def test_a_peer_that_is_gone_late_or_too_large() -> None:
    left, right = socket.socketpair()
    with pytest.raises(TimeoutError):
        receive(right, deadline=time.monotonic() + 0.05)
    with pytest.raises(TimeoutError):
        send(left, bytes(10_000_000), deadline=time.monotonic() + 0.05)
    assert right.getblocking() and left.getblocking()
    left.close()
    with pytest.raises(EOFError):
        while True:
            receive(right)
    with pytest.raises(EOFError):
        send(right, bytes(100))
    right.close()
    left, right = socket.socketpair()
    left.sendall((2**40).to_bytes(8, "big"))
    with pytest.raises(WireError, match="allowed"):
        receive(right)
    left.sendall((2**20).to_bytes(8, "big") + b"part")
    left.close()
    with pytest.raises(EOFError):
        receive(right)
    right.close()


# --- libraries


def _run(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_no_library_is_loaded_before_it_is_needed() -> None:
    frame = encode(WIDE).hex()
    told = _run(
        "import sys; from autograder.examiner import wire\n"
        "wire.decode(wire.encode([1, {2.5: 'x'}, ...]))\n"
        "heavy = {'numpy', 'pandas', 'scipy', 'torch'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        f"print(wire.decode(bytes.fromhex('{frame}')).shape, wire.decode({_message(71, 'x')!r})"
        " if 'torch' in sys.modules else 'no torch')\n"
    )
    assert told.splitlines() == ["[]", "(2, 4) no torch"]


def test_sparse_matrices() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    dense = np.array([[0, 1.5, 0], [2, 0, 0]])
    for form in ("csr", "csc", "coo", "lil", "dok"):
        for family in ("matrix", "array"):
            matrix = getattr(sparse, f"{form}_{family}")(dense)
            found = again({"m": matrix})["m"]
            assert type(found) is type(matrix) and found.dtype == matrix.dtype
            assert (found.toarray() == dense).all() and found.nnz == matrix.nnz
    empty = again(sparse.csr_matrix((3, 0), dtype="i4"))
    assert empty.shape == (3, 0) and empty.dtype == "i4"
    good = sparse.csr_array(dense)
    for name, bad in (
        ("indices", [7, 0]),
        ("indices", [-1, 0]),
        ("indptr", [0, 2, 1]),
        ("indptr", [0, 1, 3]),
        ("indptr", [1, 1, 2]),
    ):
        broken = good.copy()
        getattr(broken, name)[:] = bad
        with pytest.raises(WireError):
            again(broken)
    by_place = sparse.coo_array(dense)
    by_place.coords[0][0] = 9
    with pytest.raises(WireError):
        again(by_place)
    assert isinstance(decode(encode(sparse.eye(3), lambda _: Reference("h", 1, {})), id), int)


def test_tensors() -> None:
    torch = pytest.importorskip("torch")
    for dtype in (torch.float32, torch.bfloat16, torch.bool, torch.int64, torch.complex64):
        for shape in ((), (0, 2), (2, 3)):
            tensor = torch.ones(shape, dtype=dtype)
            found = again([tensor])[0]
            assert type(found) is torch.Tensor and found.dtype is dtype
            assert found.shape == tensor.shape and torch.equal(found, tensor)
    assert torch.equal(again(torch.arange(6).reshape(2, 3).T), torch.arange(6).reshape(2, 3).T)
    for other in (torch.ones(1, requires_grad=True), torch.nn.Parameter(torch.ones(1))):
        with pytest.raises(WireError):
            encode(other)


# --- speed


def test_speed_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    count = 15_000
    draws = np.random.default_rng(0)
    words = np.array(["abc", "de", "fghi"])
    columns: dict[str, Any] = {f"f{i}": draws.normal(size=count) for i in range(6)}
    columns |= {f"i{i}": draws.integers(0, 9, count) for i in range(4)}
    columns |= {f"s{i}": draws.choice(words, count) for i in range(5)}
    columns["o"] = pd.Series([None if i % 3 else "x" for i in range(count)], dtype=object)
    columns["t"] = pd.date_range("2020", periods=count, freq="h")
    columns["c"] = pd.Categorical(draws.choice(words, count))
    frame = pd.DataFrame(columns)
    call = {"op": "call", "id": 5, "args": [3], "kwargs": {}}
    with capsys.disabled():
        for name, value, times in (("frame 15,000 × 18", frame, 3), ("a call", call, 2000)):
            started = time.perf_counter()
            for _ in range(times):
                again(value)
            print(f"\n{name}: {(time.perf_counter() - started) / times * 1e6:,.0f} µs", end="")
    assert same(frame, again(frame))
    assert Limits() == wire.DEFAULT_LIMITS
