"""What numpy, pandas, scipy.sparse and torch add to the wire's plain data.

A library is taken in once something else has loaded it; only numpy and pandas are ever loaded
for a message's sake, by these fixed names. Frames go column by column: Arrow would lose an
index's frequency, object cells, duplicate names, sparse and complex columns.

What is read is checked before a library sees it: dtypes against a pattern, shapes against the
bytes given, truth values and text, indices of sparse matrices, frequencies, time zones.
"""

import importlib
import math
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType, NoneType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.examiner.wire import Reader, Writer

_Encoder = Callable[["Writer", Any], None]


@dataclass
class Library:
    """What one library adds: objects of which there is one, encoders by type, classes by name."""

    singletons: dict[int, Any] = field(default_factory=dict)
    encoders: dict[Any, _Encoder] = field(default_factory=dict)
    named: dict[str, type] = field(default_factory=dict)


PANDAS_CODES = (20, 21)
_PENDING: dict[str, Callable[[Any], Library]] = {}


def newly_loaded() -> list[Library]:
    """The libraries that were loaded since the last call."""
    found = []
    for name in [name for name in _PENDING if name in sys.modules]:
        try:
            found.append(_PENDING[name](sys.modules[name]))
        except AttributeError:  # in the middle of its own import
            continue
        del _PENDING[name]
    return found


def load(name: str) -> Any:
    """A library by one of four fixed names; scipy and torch only if already loaded."""
    module: ModuleType | None = sys.modules.get(name)
    if module is not None:
        return module
    if name in ("numpy", "pandas") or (name == "scipy.sparse" and "scipy" in sys.modules):
        return importlib.import_module(name)
    raise LookupError(f"{name} is not loaded")


def _once(write: _Encoder) -> _Encoder:
    return lambda writer, thing: writer.once(thing, write)


# rules' numbers; those below 40 are Python's own types
_ARRAY, _DTYPE, _SCALAR, _RAW_SCALAR, _MASKED_NUMPY = range(40, 45)
_TIMESTAMP, _TIMEDELTA, _PERIOD, _INTERVAL, _PANDAS_DTYPE = range(50, 55)
_DATETIMES, _TIMEDELTAS, _PERIODS, _INTERVALS, _CATEGORICAL = range(55, 60)
_STRINGS, _MASKED, _SPARSE, _WRAPPED = range(60, 64)
_RANGE_INDEX, _MULTI_INDEX, _INDEX, _SERIES, _FRAME = range(64, 69)
_MATRIX, _TENSOR = range(70, 72)

# --- numpy

_SIMPLE = re.compile(
    r"[<>|]([biufc]\d{1,2}|[SUV]\d{1,9}|[Mm]8(\[\d{0,9}(Y|M|W|D|h|m|s|ms|us|μs|ns|ps|fs|as)\])?)"
)
_FIELDS = 10_000
_LAST_CHARACTER = 0x10FFFF
# a long double of x86: 64 bits of mantissa, of which numpy counts 63, in 10 bytes of 16
_X87_BITS = 63
_X87_BYTES = 10
# scalars that one of Python's own says exactly
_BY_ITEM: dict[str, type] = {
    **dict.fromkeys(("int8", "int16", "int32", "int64", "longlong", "intc"), int),
    **dict.fromkeys(("uint8", "uint16", "uint32", "uint64", "ulonglong", "uintc"), int),
    "bool": bool,
    "float64": float,
    "str_": str,
    "bytes_": bytes,
}


def _numpy(numpy: Any) -> Library:
    scalars = {kind for kind in numpy.sctypeDict.values() if kind is not numpy.object_}
    library = Library(singletons={10: numpy.nan})
    library.encoders[numpy.ndarray] = _once(_write_array)
    for kind in scalars:
        by_item = kind.__name__ in _BY_ITEM
        library.encoders[kind] = _write_scalar if by_item else _write_raw_scalar
        library.named[f"numpy.{kind.__name__}"] = kind
    for code in numpy.typecodes["All"]:
        library.encoders[type(numpy.dtype(code))] = _write_dtype_alone
    return library


def _numpy_ma(ma: Any) -> Library:
    return Library({11: ma.masked}, {ma.MaskedArray: _once(_write_masked_numpy)})


_PENDING["numpy"] = _numpy
_PENDING["numpy.ma"] = _numpy_ma


def _write_dtype(writer: "Writer", dtype: Any) -> None:
    numpy = sys.modules["numpy"]
    if dtype.metadata is not None:
        writer.refuse()
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        writer.tokens += (-1, len(shape), *shape)
        _write_dtype(writer, base)
    elif dtype.names is not None:
        if dtype.type is not numpy.void or dtype.hasobject:
            writer.refuse()
        if any(dtype.fields[name][0].base.char in "gG" for name in dtype.names):
            writer.refuse()
        writer.tokens += (len(dtype.names), dtype.itemsize, dtype.isalignedstruct)
        for name in dtype.names:
            inner, offset, *title = dtype.fields[name]
            if title:
                writer.refuse()
            writer.tokens += (name, offset)
            _write_dtype(writer, inner)
    elif dtype.hasobject or _SIMPLE.fullmatch(dtype.str):
        if dtype.hasobject and dtype.char != "O":
            writer.refuse()
        writer.tokens.append(dtype.str)
    else:
        writer.refuse()


def _read_dtype(reader: "Reader", depth: int = 0) -> Any:
    numpy = load("numpy")
    token = reader.scalar(str, int)
    if type(token) is str:
        if token == "|O" and depth == 0:
            return numpy.dtype(object)
        if not _SIMPLE.fullmatch(token):
            reader.fail("an unknown dtype")
        return numpy.dtype(token)
    reader.spend(10)
    if depth > 10 or not -1 <= token <= _FIELDS:
        reader.fail("a dtype too large")
    if token == -1:
        shape = tuple(reader.number(0, 2**31) for _ in range(reader.number(0, 32)))
        return numpy.dtype((_read_dtype(reader, depth + 1), shape))
    itemsize, aligned = reader.number(0, 2**31 - 1), reader.scalar(bool)
    names, formats, offsets = [], [], []
    for _ in range(token):
        names.append(reader.scalar(str))
        offsets.append(reader.number(0, itemsize))
        formats.append(_read_dtype(reader, depth + 1))
    fields = {"names": names, "formats": formats, "offsets": offsets, "itemsize": itemsize}
    return numpy.dtype(fields, align=aligned)


def _write_dtype_alone(writer: "Writer", dtype: Any) -> None:
    writer.tokens.append(_DTYPE)
    _write_dtype(writer, dtype)


def _write_array(writer: "Writer", array: Any) -> None:
    flags = array.flags
    fortran = flags.f_contiguous and not flags.c_contiguous
    order = "F" if fortran else "C"
    writer.tokens += (_ARRAY, fortran + 2 * (not flags.writeable))
    _write_dtype(writer, array.dtype)
    writer.tokens += (array.ndim, *array.shape)
    if array.dtype.hasobject:
        writer.items(array.ravel(order).tolist())
    else:
        writer.buffer(_bytes_of(array, order))


def _bytes_of(array: Any, order: str = "C") -> bytes:
    """The bytes of an array; in its padding zeros, not whatever the memory held before."""
    numpy = sys.modules["numpy"]
    if array.dtype.names is not None:
        clean = numpy.zeros(array.shape, array.dtype, order)
        clean[...] = array
        return bytes(clean.tobytes(order))
    if array.dtype.char in "gG" and numpy.finfo(numpy.longdouble).nmant == _X87_BITS:
        clean = numpy.frombuffer(bytearray(array.tobytes(order)), "u1")
        clean.reshape(-1, numpy.dtype("g").itemsize)[:, _X87_BYTES:] = 0
        return bytes(clean.tobytes())
    return bytes(array.tobytes(order))


def _read_array(reader: "Reader") -> Any:
    numpy = load("numpy")
    reader.spend(20)
    flags = reader.number(0, 3)
    order = "F" if flags & 1 else "C"
    dtype = _read_dtype(reader)
    shape = tuple(reader.number(0, 2**48) for _ in range(reader.number(0, 64)))
    count = math.prod(shape)
    if dtype.hasobject:
        values = reader.items()
        if len(values) != count:
            reader.fail("an array of another size than it says")
        flat = numpy.empty(count, dtype)
        for number, value in enumerate(values):
            flat[number] = value
        array = flat.reshape(shape, order=order)
    else:
        content = reader.buffer()
        nothing = not len(content) and math.prod(n for n in shape if n) <= reader.limits.items
        if count * dtype.itemsize != len(content) or not (len(content) or nothing):
            reader.fail("an array of another size than it says")
        array = _copy(numpy.ndarray(shape, dtype, content, order=order), order)
        _check_content(reader, array)
    if flags & 2:
        array.flags.writeable = False
    return array


def _copy(array: Any, order: str) -> Any:
    if array.dtype.names is None:
        return array.copy(order)
    # a plain copy would leave its padding as the memory was
    copy = load("numpy").zeros(array.shape, array.dtype, order)
    copy[...] = array
    return copy


def _check_content(reader: "Reader", array: Any) -> None:
    """Refuse truth values other than 0 and 1, and text that is none: they act strangely."""
    dtype = array.dtype
    if dtype.names is not None:
        for name in dtype.names:
            _check_content(reader, array[name])
    elif array.size and dtype.kind == "b":
        if array.view("u1").max() > 1:
            reader.fail("a truth value that is neither true nor false")
    elif array.size and dtype.kind == "U" and dtype.itemsize:
        characters = array.copy().view(dtype.str[0].replace("|", "<") + "u4")
        if characters.max() > _LAST_CHARACTER:
            reader.fail("text that is none")


def _write_scalar(writer: "Writer", scalar: Any) -> None:
    writer.tokens += (_SCALAR, type(scalar).__name__, scalar.item())


def _read_scalar(reader: "Reader") -> Any:
    numpy = load("numpy")
    name = _one_of(reader, tuple(_BY_ITEM))
    return getattr(numpy, name)(reader.scalar(_BY_ITEM[name]))


def _write_raw_scalar(writer: "Writer", scalar: Any) -> None:
    writer.tokens.append(_RAW_SCALAR)
    if scalar.dtype.hasobject:
        writer.refuse()
    _write_dtype(writer, scalar.dtype)
    writer.tokens.append(_bytes_of(sys.modules["numpy"].asarray(scalar)))


def _read_raw_scalar(reader: "Reader") -> Any:
    numpy = load("numpy")
    reader.spend(5)
    dtype = _read_dtype(reader)
    content = reader.scalar(bytes)
    if dtype.hasobject or dtype.subdtype is not None or len(content) != dtype.itemsize:
        reader.fail("a scalar of another size than it says")
    array = _copy(numpy.ndarray((), dtype, content), "C")
    _check_content(reader, array)
    return array[()]


def _write_masked_numpy(writer: "Writer", array: Any) -> None:
    ma = sys.modules["numpy.ma"]
    writer.tokens.append(_MASKED_NUMPY)
    writer.part(_write_array, array.data)
    mask, fill = array.mask, array._fill_value
    writer.value(None if mask is ma.nomask else mask)
    writer.value(None if fill is None else array.fill_value)


def _read_masked_numpy(reader: "Reader") -> Any:
    numpy = load("numpy")
    data = reader.of(numpy.ndarray)
    mask = reader.of(numpy.ndarray, NoneType)
    if mask is not None and mask.shape != data.shape:
        reader.fail("a mask of another shape")
    mask = numpy.ma.nomask if mask is None else mask
    return numpy.ma.MaskedArray(data, mask, fill_value=reader.value())


# --- pandas: scalars, frequencies, dtypes

_UNITS = ("s", "ms", "us", "ns")
_CLOSED = ("left", "right", "both", "neither")
# those that repeat nothing for each unit of their count
_FREQUENCY = re.compile(
    r"(-?\d{1,12})?(D|B|W-[A-Z]{3}|(B?[MQY]|SM)[ES](-[A-Z]{3}|-\d{1,2})?|h|min|s|ms|us|ns)"
)
_PERIOD_FREQUENCY = re.compile(r"(\d{1,9})?(D|W-[A-Z]{3}|[MQY]|[QY]-[A-Z]{3}|h|min|s|ms|us|ns)")


def _pandas(pandas: Any) -> Library:
    library = Library(singletons=dict(zip(PANDAS_CODES, (pandas.NaT, pandas.NA), strict=True)))
    library.encoders = {
        pandas.Timestamp: _write_timestamp,
        pandas.Timedelta: _write_timedelta,
        pandas.Period: _write_period,
        pandas.Interval: _write_interval,
        pandas.Series: _once(_write_series),
        pandas.DataFrame: _once(_write_frame),
        pandas.RangeIndex: _once(_write_range_index),
        pandas.MultiIndex: _once(_write_multi_index),
        **dict.fromkeys(_plain_indexes(pandas).values(), _once(_write_index)),
        **dict.fromkeys(_dtypes(pandas), _write_pandas_dtype),
    }
    arrays = pandas.arrays
    _PARTS.update({id(kind): _write_masked for kind in _masked(pandas).values()})
    _PARTS.update(
        {
            id(pandas.Categorical): _write_categorical,
            id(arrays.DatetimeArray): _write_datetimes,
            id(arrays.TimedeltaArray): _write_timedeltas,
            id(arrays.PeriodArray): _write_periods,
            id(arrays.IntervalArray): _write_intervals,
            id(arrays.SparseArray): _write_sparse,
        }
    )
    for kind in _part_kinds(pandas):
        if kind is not load("numpy").ndarray:
            library.encoders[kind] = _once(_write_part_alone)
            _PARTS.setdefault(id(kind), _write_strings)
    _PARTS[id(arrays.NumpyExtensionArray)] = _write_numpy_part
    library.encoders[arrays.NumpyExtensionArray] = _once(_write_wrapped)
    return library


_PENDING["pandas"] = _pandas
_PARTS: dict[int, _Encoder] = {}


def _plain_indexes(pandas: Any) -> dict[str, Any]:
    names = "Index DatetimeIndex TimedeltaIndex PeriodIndex CategoricalIndex IntervalIndex"
    return {name: getattr(pandas, name) for name in names.split()}


def _indexes(pandas: Any) -> tuple[Any, ...]:
    return (*_plain_indexes(pandas).values(), pandas.RangeIndex, pandas.MultiIndex)


def _masked(pandas: Any) -> dict[str, Any]:
    names = ("IntegerArray", "FloatingArray", "BooleanArray")
    return {name: getattr(pandas.arrays, name) for name in names}


def _part_kinds(pandas: Any) -> tuple[Any, ...]:
    """Types of what may be a column; in a frame, a numpy array stands for its wrapper."""
    names = "DatetimeArray TimedeltaArray PeriodArray IntervalArray SparseArray StringArray"
    arrays = pandas.arrays
    kinds = [getattr(arrays, name) for name in names.split()]
    # pyarrow's, under its name of pandas 3
    kinds.append(arrays.ArrowStringArray)
    return (load("numpy").ndarray, pandas.Categorical, *_masked(pandas).values(), *kinds)


def _dtypes(pandas: Any) -> list[Any]:
    numbers = [f"{kind}{bits}" for kind in ("Int", "UInt") for bits in (8, 16, 32, 64)]
    names = [*numbers, "Float32", "Float64", "Boolean", "Categorical", "DatetimeTZ", "Period"]
    return [getattr(pandas, f"{name}Dtype") for name in [*names, "Interval", "Sparse", "String"]]


def _write_timestamp(writer: "Writer", stamp: Any) -> None:
    writer.tokens += (_TIMESTAMP, int(stamp.asm8.view("i8")), stamp.unit, stamp.fold)
    writer.zone(stamp.tzinfo)


def _read_timestamp(reader: "Reader") -> Any:
    pandas, numpy = load("pandas"), load("numpy")
    reader.spend(10)
    value, unit = reader.scalar(int), _one_of(reader, _UNITS)
    fold, zone = reader.number(0, 1), reader.zone()
    stamp = pandas.Timestamp(numpy.datetime64(value, unit))
    if type(stamp) is not pandas.Timestamp:
        reader.fail("a date that is none")
    if zone is not None:
        return stamp.tz_localize("UTC").tz_convert(zone)
    return stamp.replace(fold=1) if fold else stamp


def _write_timedelta(writer: "Writer", delta: Any) -> None:
    writer.tokens += (_TIMEDELTA, int(delta.asm8.view("i8")), delta.unit)


def _read_timedelta(reader: "Reader") -> Any:
    pandas, numpy = load("pandas"), load("numpy")
    reader.spend(10)
    delta = pandas.Timedelta(numpy.timedelta64(reader.scalar(int), _one_of(reader, _UNITS)))
    if type(delta) is not pandas.Timedelta:
        reader.fail("a duration that is none")
    return delta


def _write_period(writer: "Writer", period: Any) -> None:
    writer.tokens += (_PERIOD, period.ordinal)
    _write_text(writer, period.freqstr, _PERIOD_FREQUENCY)


def _read_period(reader: "Reader") -> Any:
    reader.spend(20)
    ordinal = reader.scalar(int)
    return load("pandas").Period(ordinal=ordinal, freq=_read_text(reader, _PERIOD_FREQUENCY))


def _write_interval(writer: "Writer", interval: Any) -> None:
    writer.tokens += (_INTERVAL, interval.closed)
    writer.value(interval.left)
    writer.value(interval.right)


def _read_interval(reader: "Reader") -> Any:
    reader.spend(10)
    closed = _one_of(reader, _CLOSED)
    return load("pandas").Interval(reader.value(), reader.value(), closed)


def _write_text(writer: "Writer", text: Any, pattern: re.Pattern[str]) -> None:
    if type(text) is not str or not pattern.fullmatch(text):
        writer.refuse()
    writer.tokens.append(text)


def _read_text(reader: "Reader", pattern: re.Pattern[str]) -> str:
    text: str = reader.scalar(str)
    if not pattern.fullmatch(text):
        reader.fail("an unknown frequency")
    return text


def _one_of(reader: "Reader", choices: tuple[str, ...]) -> str:
    text: str = reader.scalar(str)
    if text not in choices:
        reader.fail("an unknown name")
    return text


def _write_pandas_dtype(writer: "Writer", dtype: Any) -> None:
    # an array of nothing has everything that a dtype says
    array = sys.modules["pandas"].array([], dtype=dtype)
    if array.dtype != dtype or getattr(dtype, "categories", ()) is None:
        writer.refuse()
    writer.tokens.append(_PANDAS_DTYPE)
    _write_part(writer, array)


def _read_pandas_dtype(reader: "Reader") -> Any:
    return _read_part(reader).dtype


# --- pandas: columns


def _write_part(writer: "Writer", array: Any) -> None:
    """Write the array behind a column or an index."""
    write = _PARTS.get(id(type(array)))
    if write is None:
        writer.refuse()
    writer.part(write, array)


def _read_part(reader: "Reader") -> Any:
    part = reader.of(*_part_kinds(load("pandas")))
    if part.ndim != 1:
        reader.fail("a column that is none")
    return part


def _write_part_alone(writer: "Writer", array: Any) -> None:
    _PARTS[id(type(array))](writer, array)


def _write_numpy_part(writer: "Writer", array: Any) -> None:
    inner = array.to_numpy()
    if type(inner) is not sys.modules["numpy"].ndarray:
        writer.refuse()
    _write_array(writer, inner)


def _write_wrapped(writer: "Writer", array: Any) -> None:
    writer.tokens.append(_WRAPPED)
    writer.part(_write_numpy_part, array)


def _read_wrapped(reader: "Reader") -> Any:
    return load("pandas").arrays.NumpyExtensionArray(reader.of(load("numpy").ndarray))


def _write_datetimes(writer: "Writer", array: Any) -> None:
    writer.tokens += (_DATETIMES, array.unit)
    writer.zone(array.tz)
    writer.buffer(array.asi8.tobytes())


def _read_datetimes(reader: "Reader") -> Any:
    pandas = load("pandas")
    unit, zone = _one_of(reader, _UNITS), reader.zone()
    array = pandas.array(_read_int64(reader).view(f"M8[{unit}]"))
    return array if zone is None else array.tz_localize("UTC").tz_convert(zone)


def _write_timedeltas(writer: "Writer", array: Any) -> None:
    writer.tokens += (_TIMEDELTAS, array.unit)
    writer.buffer(array.asi8.tobytes())


def _read_timedeltas(reader: "Reader") -> Any:
    unit = _one_of(reader, _UNITS)
    return load("pandas").array(_read_int64(reader).view(f"m8[{unit}]"))


def _write_periods(writer: "Writer", array: Any) -> None:
    writer.tokens.append(_PERIODS)
    # the dtype's name is period[…]; its offset has another name
    _write_text(writer, array.dtype.name[7:-1], _PERIOD_FREQUENCY)
    writer.buffer(array.asi8.tobytes())


def _read_periods(reader: "Reader") -> Any:
    pandas = load("pandas")
    dtype = pandas.PeriodDtype(_read_text(reader, _PERIOD_FREQUENCY))
    return pandas.arrays.PeriodArray(_read_int64(reader), dtype=dtype)


def _read_int64(reader: "Reader") -> Any:
    reader.spend(300)
    return load("numpy").frombuffer(reader.buffer(), "i8").copy()


def _write_intervals(writer: "Writer", array: Any) -> None:
    writer.tokens += (_INTERVALS, array.closed)
    writer.value(array.left)
    writer.value(array.right)


def _read_intervals(reader: "Reader") -> Any:
    pandas = load("pandas")
    reader.spend(300)
    closed = _one_of(reader, _CLOSED)
    left, right = (reader.of(*_indexes(pandas)) for _ in range(2))
    return pandas.arrays.IntervalArray.from_arrays(left, right, closed)


def _write_categorical(writer: "Writer", array: Any) -> None:
    writer.tokens += (_CATEGORICAL, array.ordered)
    writer.part(_write_array, array.codes)
    writer.value(array.categories)


def _read_categorical(reader: "Reader") -> Any:
    pandas = load("pandas")
    reader.spend(300)
    ordered = reader.scalar(bool)
    codes = reader.of(load("numpy").ndarray)
    categories = reader.of(*_indexes(pandas))
    return pandas.Categorical.from_codes(codes, categories=categories, ordered=ordered)


def _write_strings(writer: "Writer", array: Any) -> None:
    dtype = array.dtype
    missing = dtype.na_value is sys.modules["pandas"].NA
    values = array.to_numpy(dtype=object, na_value=None).tolist()
    if not {*map(id, map(type, values))} <= {id(str), id(NoneType)}:
        writer.refuse()
    writer.tokens += (_STRINGS, dtype.storage, missing)
    writer.items(values)


def _read_strings(reader: "Reader") -> Any:
    pandas = load("pandas")
    reader.spend(300)
    storage = _one_of(reader, ("python", "pyarrow"))
    missing = pandas.NA if reader.scalar(bool) else math.nan
    values = reader.items()
    if not {*map(id, map(type, values))} <= {id(str), id(NoneType)}:
        reader.fail("a column of text that holds something else")
    cells = load("numpy").array(values, dtype=object)
    return pandas.array(cells, dtype=pandas.StringDtype(storage, na_value=missing))


def _write_masked(writer: "Writer", array: Any) -> None:
    writer.tokens += (_MASKED, type(array).__name__)
    writer.part(_write_array, array._data)
    writer.part(_write_array, array._mask)


def _read_masked(reader: "Reader") -> Any:
    pandas, numpy = load("pandas"), load("numpy")
    reader.spend(300)
    kinds = _masked(pandas)
    kind = kinds[_one_of(reader, tuple(kinds))]
    data, mask = reader.of(numpy.ndarray), reader.of(numpy.ndarray)
    if data.ndim != 1 or data.shape != mask.shape or mask.dtype != bool:
        reader.fail("a mask of another shape")
    return kind(data, mask)


def _write_sparse(writer: "Writer", array: Any) -> None:
    writer.tokens += (_SPARSE, array.kind, len(array))
    writer.value(array.fill_value)
    writer.part(_write_array, array.sp_values)
    writer.part(_write_array, array.sp_index.indices)


def _read_sparse(reader: "Reader") -> Any:
    pandas, numpy = load("pandas"), load("numpy")
    reader.spend(300)
    kind, length = _one_of(reader, ("integer", "block")), reader.number(0, reader.limits.items)
    fill, values, where = reader.value(), reader.of(numpy.ndarray), reader.of(numpy.ndarray)
    _check_places(reader, where, length)
    if values.shape != where.shape or (numpy.diff(where) <= 0).any():
        reader.fail("sparse values without their places")
    sparse = pandas.arrays.SparseArray
    if hasattr(sparse, "from_indices"):
        return sparse.from_indices(values, where, length, fill, kind, values.dtype)
    # before pandas 3.1 an index object of its own is asked for: take one and its type
    index = type(sparse([0], kind="integer").sp_index)(length, where.astype("i4"))
    index = index if kind == "integer" else index.to_block_index()
    dtype = pandas.SparseDtype(values.dtype, fill)
    return sparse(values, index, fill_value=fill, dtype=dtype)


def _check_places(reader: "Reader", where: Any, length: int) -> None:
    plain = where.ndim == 1 and where.dtype.kind == "i" and where.dtype.isnative
    if not plain or where.dtype.itemsize not in (4, 8):
        reader.fail("places that are none")
    if where.size and (where.min() < 0 or where.max() >= length):
        reader.fail("places out of bounds")


# --- pandas: indexes, series, frames


def _write_range_index(writer: "Writer", index: Any) -> None:
    writer.tokens += (_RANGE_INDEX, index.start, index.stop, index.step)
    writer.value(index.name)


def _read_range_index(reader: "Reader") -> Any:
    reader.spend(50)
    parts = range(*(reader.scalar(int) for _ in range(3)))
    # as many bits as the labels would have as numbers
    if max(abs(parts.start), abs(parts.stop), abs(parts.step)) >= 2**63:
        reader.fail("labels out of bounds")
    return load("pandas").RangeIndex(parts, name=reader.value())


def _write_multi_index(writer: "Writer", index: Any) -> None:
    writer.tokens += (_MULTI_INDEX, index.nlevels)
    for level, codes in zip(index.levels, index.codes, strict=True):
        writer.value(level)
        writer.part(_write_array, codes)
    writer.items(list(index.names))


def _read_multi_index(reader: "Reader") -> Any:
    pandas, numpy = load("pandas"), load("numpy")
    reader.spend(500)
    levels, codes = [], []
    for _ in range(reader.number(1, 1000)):
        levels.append(reader.of(*_indexes(pandas)))
        codes.append(reader.of(numpy.ndarray))
        if codes[-1].ndim != 1 or codes[-1].dtype.kind != "i":
            reader.fail("codes that are none")
    return pandas.MultiIndex(levels, codes, names=reader.items(), verify_integrity=True)


def _write_index(writer: "Writer", index: Any) -> None:
    writer.tokens += (_INDEX, type(index).__name__)
    freq = index.freq if type(index).__name__ in ("DatetimeIndex", "TimedeltaIndex") else None
    if freq is None:
        writer.tokens.append(None)
    else:
        _write_text(writer, freq.freqstr, _FREQUENCY)
        if _offset(freq.freqstr) != freq:
            writer.refuse()
    _write_part(writer, index.array)
    writer.value(index.name)


def _offset(text: str) -> Any:
    return load("pandas").tseries.frequencies.to_offset(text)


def _read_index(reader: "Reader") -> Any:
    pandas = load("pandas")
    reader.spend(250)
    kinds = _plain_indexes(pandas)
    kind = kinds[_one_of(reader, tuple(kinds))]
    freq = reader.scalar(str, NoneType)
    array, name = _read_part(reader), reader.value()
    # said, or text among objects would change its type
    dtype = object if array.dtype == object else None
    index = pandas.Index(array, dtype=dtype, name=name, copy=False)
    if type(index) is not kind:
        reader.fail("an index of another kind than it says")
    if freq is None:
        return index
    if kind not in (pandas.DatetimeIndex, pandas.TimedeltaIndex) or not _FREQUENCY.fullmatch(freq):
        reader.fail("an unknown frequency")
    reader.spend(len(index))
    return kind(array, freq=_offset(freq), name=name)


def _write_labels(writer: "Writer", thing: Any) -> None:
    writer.tokens.append(thing.flags.allows_duplicate_labels)
    writer.value(thing.attrs or None)


def _read_labels(reader: "Reader") -> tuple[bool, dict[Any, Any]]:
    return reader.scalar(bool), reader.of(dict, NoneType) or {}


def _labelled(thing: Any, labels: tuple[bool, dict[Any, Any]]) -> Any:
    if labels[1]:
        thing.attrs = labels[1]
    if not labels[0]:
        thing.flags.allows_duplicate_labels = False
    return thing


def _write_series(writer: "Writer", series: Any) -> None:
    writer.tokens.append(_SERIES)
    _write_labels(writer, series)
    writer.value(series.name)
    writer.value(series.index)
    _write_part(writer, series.array)


def _read_series(reader: "Reader") -> Any:
    pandas = load("pandas")
    reader.spend(300)
    labels, name = _read_labels(reader), reader.value()
    index, part = reader.of(*_indexes(pandas)), _read_part(reader)
    if len(index) != len(part):
        reader.fail("a series of another length than its index")
    dtype = object if part.dtype == object else None
    return _labelled(pandas.Series(part, index, dtype, name, copy=False), labels)


def _write_frame(writer: "Writer", frame: Any) -> None:
    wrapper = sys.modules["pandas"].arrays.NumpyExtensionArray
    writer.tokens.append(_FRAME)
    _write_labels(writer, frame)
    writer.value(frame.index)
    writer.value(frame.columns)
    parts = [column.array for _, column in frame.items()]
    if len(parts) > 1 and all(type(part) is wrapper for part in parts):
        dtypes = {part.dtype.numpy_dtype for part in parts}
        if len(dtypes) == 1 and not dtypes.pop().hasobject:
            writer.tokens.append(-1)
            writer.part(_write_array, frame.to_numpy())
            return
    writer.tokens.append(len(parts))
    for part in parts:
        _write_part(writer, part)


def _read_frame(reader: "Reader") -> Any:
    pandas, numpy = load("pandas"), load("numpy")
    reader.spend(500)
    labels = _read_labels(reader)
    index, columns = (reader.of(*_indexes(pandas)) for _ in range(2))
    count = reader.number(-1, len(columns))
    if count == -1:
        block = reader.of(numpy.ndarray)
        if block.shape != (len(index), len(columns)) or block.dtype.hasobject:
            reader.fail("a frame of another shape than its labels")
        return _labelled(pandas.DataFrame(block, index, columns), labels)
    parts = [_read_part(reader) for _ in range(count)]
    if count != len(columns) or any(len(part) != len(index) for part in parts):
        reader.fail("a frame of another shape than its labels")
    if not parts:
        return _labelled(pandas.DataFrame(index=index, columns=columns), labels)
    frame = pandas.DataFrame(
        {
            number: pandas.Series(part, dtype=object) if part.dtype == object else part
            for number, part in enumerate(parts)
        }
    )
    frame.index, frame.columns = index, columns
    return _labelled(frame, labels)


# --- scipy.sparse

_COMPRESSED = ("csr_matrix", "csc_matrix", "csr_array", "csc_array")
_BY_PLACE = ("coo_matrix", "coo_array", "lil_matrix", "lil_array", "dok_matrix", "dok_array")


def _scipy(sparse: Any) -> Library:
    compressed = dict.fromkeys((getattr(sparse, n) for n in _COMPRESSED), _write_compressed)
    by_place = dict.fromkeys((getattr(sparse, n) for n in _BY_PLACE), _write_by_place)
    encoders = {kind: _once(write) for kind, write in (compressed | by_place).items()}
    return Library(encoders=encoders)


_PENDING["scipy.sparse"] = _scipy


def _write_compressed(writer: "Writer", matrix: Any) -> None:
    if len(matrix.shape) != 2 or len(matrix.indices) != len(matrix.data):
        writer.refuse()
    _write_matrix(writer, matrix, matrix.data, (matrix.indices, matrix.indptr))


def _write_by_place(writer: "Writer", matrix: Any) -> None:
    # the same object where it is one already
    places = matrix.tocoo()
    _write_matrix(writer, matrix, places.data, places.coords)


def _write_matrix(writer: "Writer", matrix: Any, data: Any, indices: Any) -> None:
    shape = tuple(map(int, matrix.shape))
    writer.tokens += (_MATRIX, type(matrix).__name__, len(shape), *shape)
    for array in (data, *indices):
        if type(array) is not sys.modules["numpy"].ndarray:
            writer.refuse()
        writer.part(_write_array, array)


def _read_matrix(reader: "Reader") -> Any:
    sparse, numpy = load("scipy.sparse"), load("numpy")
    reader.spend(300)
    name = _one_of(reader, _COMPRESSED + _BY_PLACE)
    shape = tuple(reader.number(0, 2**62) for _ in range(reader.number(1, 32)))
    data = reader.of(numpy.ndarray)
    if data.ndim != 1 or data.dtype.kind not in "biufc" or not data.dtype.isnative:
        reader.fail("values that are none")
    indices = [reader.of(numpy.ndarray) for _ in range(2 if name in _COMPRESSED else len(shape))]
    kind = getattr(sparse, name)
    if name in _COMPRESSED:
        _check_compressed(reader, shape[:: -1 if name[2] == "c" else 1], len(data), *indices)
        return kind((data, *indices), shape=shape)
    for where, length in zip(indices, shape, strict=True):
        _check_places(reader, where, length)
        if len(where) != len(data):
            reader.fail("values without their places")
    by_row = name.startswith("lil")
    if by_row and shape[0] > reader.limits.items:
        reader.fail("too many rows")
    places = getattr(sparse, "coo" + name[3:])((data, tuple(indices)), shape=shape)
    return places if kind is type(places) else kind(places)


def _check_compressed(
    reader: "Reader", shape: tuple[int, ...], count: int, where: Any, starts: Any
) -> None:
    """What the compiled code of scipy takes for granted."""
    if len(shape) != 2 or starts.ndim != 1 or len(starts) != shape[0] + 1:
        reader.fail("a sparse matrix of another shape than it says")
    _check_places(reader, where, shape[1])
    _check_places(reader, starts, count + 1)
    steps = starts[1:] < starts[:-1]
    if len(where) != count or starts[0] != 0 or starts[-1] != count or steps.any():
        reader.fail("values without their places")


# --- torch

_TENSORS = (
    *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
)


def _torch(torch: Any) -> Library:
    return Library(encoders={torch.Tensor: _once(_write_tensor)})


_PENDING["torch"] = _torch


def _write_tensor(writer: "Writer", tensor: Any) -> None:
    torch = sys.modules["torch"]
    name = str(tensor.dtype).removeprefix("torch.")
    plain = tensor.layout is torch.strided and tensor.device.type == "cpu"
    if not plain or tensor.requires_grad or tensor.is_quantized or name not in _TENSORS:
        writer.refuse()
    writer.tokens += (_TENSOR, name, tensor.dim(), *map(int, tensor.shape))
    flat = tensor.resolve_conj().resolve_neg().contiguous().reshape(-1)
    writer.buffer(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")


def _read_tensor(reader: "Reader") -> Any:
    torch = load("torch")
    reader.spend(50)
    name = _one_of(reader, _TENSORS)
    dtype = getattr(torch, name)
    shape = tuple(reader.number(0, 2**48) for _ in range(reader.number(0, 64)))
    content = bytearray(reader.buffer())
    if math.prod(shape) * dtype.itemsize != len(content):
        reader.fail("a tensor of another size than it says")
    if not content:
        if math.prod(n for n in shape if n) > reader.limits.items:
            reader.fail("a tensor too large")
        return torch.empty(shape, dtype=dtype)
    if name == "bool" and max(content) > 1:
        reader.fail("a truth value that is neither true nor false")
    return torch.frombuffer(content, dtype=dtype).reshape(shape).clone()


DECODERS: dict[int, Callable[["Reader"], Any]] = {
    _ARRAY: _read_array,
    _DTYPE: _read_dtype,
    _SCALAR: _read_scalar,
    _RAW_SCALAR: _read_raw_scalar,
    _MASKED_NUMPY: _read_masked_numpy,
    _TIMESTAMP: _read_timestamp,
    _TIMEDELTA: _read_timedelta,
    _PERIOD: _read_period,
    _INTERVAL: _read_interval,
    _PANDAS_DTYPE: _read_pandas_dtype,
    _DATETIMES: _read_datetimes,
    _TIMEDELTAS: _read_timedeltas,
    _PERIODS: _read_periods,
    _INTERVALS: _read_intervals,
    _CATEGORICAL: _read_categorical,
    _STRINGS: _read_strings,
    _MASKED: _read_masked,
    _SPARSE: _read_sparse,
    _WRAPPED: _read_wrapped,
    _RANGE_INDEX: _read_range_index,
    _MULTI_INDEX: _read_multi_index,
    _INDEX: _read_index,
    _SERIES: _read_series,
    _FRAME: _read_frame,
    _MATRIX: _read_matrix,
    _TENSOR: _read_tensor,
}
