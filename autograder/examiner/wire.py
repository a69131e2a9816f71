"""The bounded message format between a candidate, who may be hostile, and the examiner.

Plain data travels by value and comes back exact; everything else travels as a `Reference`.
A message is one flat run of msgpack scalars in prefix order, then the raw buffers:

    8 bytes, length of the scalars | scalars | buffers, in the order in which they are named

An int where a value begins names a rule (`_DECODERS`); any other scalar stands for itself.
msgpack's own arrays and maps are refused: nesting, counts and lengths are checked here, so
that a few bytes can never ask for much memory. Nothing is unpickled, evaluated or imported
by a name found in a message. What numpy, pandas, scipy and torch add is in `wire_tables`.

Types are compared by identity, never by a method: a student's metaclass is not called.
"""

import builtins
import socket
import time
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as clock
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from math import nan
from pathlib import PosixPath, PurePath, PurePosixPath, PureWindowsPath
from select import POLLIN, POLLOUT, poll
from types import NoneType
from typing import Any, NoReturn
from uuid import UUID, SafeUUID

from msgpack import ExtType, Packer, Unpacker

from autograder.examiner import wire_tables


class WireError(Exception):
    """A value that cannot be sent, or a message that is malformed, too large or too deep."""


@dataclass(frozen=True)
class Limits:
    """What one message may cost.

    Attributes:
        message_bytes: length of the whole message.
        depth: how deep values may be nested.
        items: number of scalars, heavier things counting for several (a frame: 500).
    """

    message_bytes: int = 256 * 2**20
    depth: int = 100
    items: int = 20_000_000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Reference:
    """Something that does not travel by value.

    Attributes:
        owner: "here" as the sender says it.
        number: which of the owner's objects.
        kind: plain data that describes it, with text for keys.
    """

    owner: str
    number: int
    kind: dict[str, Any]


def encode(
    value: Any,
    reference: Callable[[Any], Reference] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """Write a value as a message.

    Args:
        reference: gives what stands for an object that is no plain data, wherever in the
            value it is found; called once for each such object.

    Raises:
        WireError: something has no value and there is no `reference`, or limits are passed.
    """
    try:
        writer = Writer(reference, limits)
        writer.value(value)
        return writer.message()
    except WireError:
        raise
    except Exception as error:
        raise WireError(f"cannot be sent: {type(error).__name__}") from error


def decode(
    data: bytes,
    resolve: Callable[[Reference], Any] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Any:
    """Read a message back, whatever its bytes are.

    Args:
        resolve: gives the object that a reference found in the message stands for.

    Raises:
        WireError: the only exception, also for what `resolve` raises.
    """
    try:
        return Reader(data, resolve, limits).message()
    except WireError:
        raise
    except Exception as error:
        raise WireError(f"malformed message: {type(error).__name__}") from error


# --- frames on a socket

_CHUNK = 2**20
_SMALL = 2**16


def send(sock: socket.socket, message: bytes, deadline: float | None = None) -> None:
    """Send a message, its length first.

    Args:
        deadline: on the monotonic clock; None to wait for as long as the peer takes.

    Raises:
        EOFError: the peer is gone.
        TimeoutError: the peer did not take it in time; the stream is no longer usable.
    """
    header = len(message).to_bytes(8, "big")
    parts = [header + message] if len(message) < _CHUNK else [header, message]
    try:
        for part in parts:
            rest = memoryview(part)
            while rest:
                rest = rest[_wait_and(sock, POLLOUT, deadline, sock.send, rest) :]
    except (BrokenPipeError, ConnectionError) as error:
        raise EOFError("the peer is gone") from error


def receive(
    sock: socket.socket, limits: Limits = DEFAULT_LIMITS, deadline: float | None = None
) -> bytes:
    """Receive one message.

    Raises:
        EOFError: the peer is gone, between two messages or within one.
        TimeoutError: the message was not whole at `deadline` (monotonic clock).
        WireError: its length is over the limit; nothing of it has been read.
    """
    length = int.from_bytes(_exactly(sock, 8, deadline), "big")
    if length > limits.message_bytes:
        raise WireError(f"a message of {length} bytes, {limits.message_bytes} allowed")
    return _exactly(sock, length, deadline)


class Stream:
    """The messages of a socket that nobody else receives from: one read for most of them."""

    def __init__(self, sock: socket.socket, limits: Limits = DEFAULT_LIMITS) -> None:
        self._sock = sock
        self._limits = limits
        self._read = b""

    def receive(self, deadline: float | None = None) -> bytes:
        """The next message; raises as `receive` does."""
        while len(self._read) < 8:
            self._read += _some(self._sock, _SMALL, deadline)
        length = int.from_bytes(self._read[:8], "big")
        if length > self._limits.message_bytes:
            raise WireError(f"a message of {length} bytes, {self._limits.message_bytes} allowed")
        message, self._read = self._read[8 : 8 + length], self._read[8 + length :]
        if len(message) == length:
            return message
        return message + _exactly(self._sock, length - len(message), deadline)


def _some(sock: socket.socket, most: int, deadline: float | None) -> bytes:
    try:
        chunk = bytes(_wait_and(sock, POLLIN, deadline, sock.recv, most))
    except ConnectionError as error:
        raise EOFError("the peer is gone") from error
    if not chunk:
        raise EOFError("the peer is gone")
    return chunk


def _exactly(sock: socket.socket, length: int, deadline: float | None) -> bytes:
    # grows with what arrives: a length announced costs nothing
    buffer = bytearray()
    while len(buffer) < length:
        chunk = _some(sock, min(length - len(buffer), _CHUNK), deadline)
        if len(chunk) == length:
            return chunk
        buffer += chunk
    return bytes(buffer)


def _wait_and(
    sock: socket.socket, event: int, deadline: float | None, act: Callable[..., Any], argument: Any
) -> Any:
    """Do one send or recv, no later than the deadline.

    The socket's own timeout is left alone: it would make the descriptor non-blocking for every
    fork that shares it.
    """
    if deadline is None:
        return act(argument)
    poller = poll()
    poller.register(sock, event)
    while True:
        left = deadline - time.monotonic()
        if not poller.poll(max(0.0, left * 1000)):
            raise TimeoutError("the peer took too long")
        try:
            return act(argument, socket.MSG_DONTWAIT)
        except BlockingIOError:
            if left <= 0:
                raise TimeoutError("the peer took too long") from None


# --- what stands for itself

# objects of which there is one in each process, as msgpack extension types without content
_BIG_INT = 1
_SINGLETONS: dict[int, tuple[ExtType, Any]] = {}
_BY_CODE: dict[int, Any] = {}
# ids of types: of what a flat run may hold, of all that a run of scalars may hold when read
_FLAT = {id(kind) for kind in (int, float, bool, str, bytes, NoneType)}
_TOKENS = set(_FLAT)
_SINGLE_KINDS: set[int] = set()


def _singleton(code: int, thing: Any) -> None:
    _SINGLETONS[id(thing)] = (ExtType(code, b""), thing)
    _BY_CODE[code] = thing
    for kinds in (_FLAT, _TOKENS, _SINGLE_KINDS):
        kinds.add(id(type(thing)))


_singleton(2, nan)
_singleton(3, ...)
_singleton(4, NotImplemented)
_singleton(5, UTC)
# other time zones are not scalars
_FLAT.discard(id(timezone))

# classes that are the same in both processes
_NAMED: dict[str, type] = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and not name.startswith("_")
}
_NAMES = {id(kind): name for name, kind in _NAMED.items()}


class _ByReference(Exception):
    """Raised by an encoder: this very object has no exact value."""


def _refresh() -> None:
    """Take in the libraries that have been loaded since the last call."""
    for library in wire_tables.newly_loaded():
        for code, thing in library.singletons.items():
            _singleton(code, thing)
        for kind, encoder in library.encoders.items():
            _ENCODERS[id(kind)] = encoder
        for name, kind in library.named.items():
            _NAMED[name] = kind
            _NAMES[id(kind)] = name


# --- writing


class Writer:
    """Writes one message; encoders are functions of a writer and an object of their type."""

    def __init__(self, reference: Callable[[Any], Reference] | None, limits: Limits) -> None:
        _refresh()
        self.tokens: list[Any] = []
        self._buffers: list[bytes] = []
        # number of an object already met, by id; complement of the number while it is written
        self._memo: dict[int, int] = {}
        # ids stay valid only as long as their objects live
        self._alive: list[Any] = []
        self._depth = 0
        self._reference = reference
        self._limits = limits

    def value(self, thing: Any) -> None:
        """Write any object, by value or by reference."""
        single = _SINGLETONS.get(id(thing))
        if single is not None:
            self.tokens.append(single[0])
            return
        encoder = _ENCODERS.get(id(type(thing)), Writer._refer)
        self._depth = depth = self._depth + 1
        if depth > self._limits.depth:
            raise WireError(f"nested deeper than {self._limits.depth}")
        marks = len(self.tokens), len(self._buffers), len(self._memo)
        try:
            encoder(self, thing)
        except _ByReference:
            self._roll_back(*marks)
            self._depth = depth
            self._refer(thing)
        self._depth = depth - 1

    def items(self, values: list[Any]) -> None:
        """Write a count and so many values; plain scalars alone go as one run."""
        kinds = set(map(id, map(type, values)))
        if not kinds <= _FLAT:
            self.tokens.append(~len(values))
            for value in values:
                self.value(value)
            return
        self.tokens.append(len(values))
        if kinds & _SINGLE_KINDS and not _SINGLETONS.keys().isdisjoint(map(id, values)):
            get = _SINGLETONS.get
            values = [v if (s := get(id(v))) is None else s[0] for v in values]
        self.tokens += values

    def part(self, write: Callable[["Writer", Any], None], thing: Any) -> None:
        """Write a part that is read as a value but has no identity of its own."""
        self._depth += 1
        write(self, thing)
        self._depth -= 1

    def zone(self, zone: Any) -> None:
        """Write a time zone of Python's own; an object with another one goes by reference."""
        if zone is None or type(zone) is timezone or type(zone) is zoneinfo.ZoneInfo:
            self.value(zone)
        else:
            self.refuse()

    def buffer(self, content: bytes) -> None:
        """Write raw bytes behind the scalars."""
        self.tokens.append(len(content))
        self._buffers.append(content)

    def seen(self, thing: Any) -> bool:
        """Write a mutable object's number if it was met before, else give it one."""
        number = self._memo.get(id(thing))
        if number is None:
            self._memo[id(thing)] = len(self._memo)
            self._alive.append(thing)
            return False
        if number < 0:
            raise WireError("an object contains itself in a way that cannot be sent")
        self.tokens += (_SAME, number)
        return True

    def once(self, thing: Any, write: Callable[["Writer", Any], None]) -> None:
        """Write a whole object that decodes as one however often it is met."""
        if self.seen(thing):
            return
        number = self._memo[id(thing)]
        self._memo[id(thing)] = ~number
        self.tokens.append(_ONCE)
        write(self, thing)
        self._memo[id(thing)] = number

    def refuse(self) -> NoReturn:
        """Give up the object being written: it goes by reference."""
        raise _ByReference

    def message(self) -> bytes:
        if len(self.tokens) > self._limits.items:
            raise WireError(f"more than {self._limits.items} items")
        packer = Packer(default=_pack_other, strict_types=True, unicode_errors="surrogatepass")
        packed = packer.pack(self.tokens)
        count = len(self.tokens)
        # the run of scalars without the array around it
        scalars = packed[1 if count < 16 else 3 if count < 2**16 else 5 :]
        message = b"".join((len(scalars).to_bytes(8, "big"), scalars, *self._buffers))
        if len(message) > self._limits.message_bytes:
            raise WireError(f"larger than {self._limits.message_bytes} bytes")
        return message

    def _refer(self, thing: Any) -> None:
        if self._reference is None:
            raise WireError(f"{_type_name(type(thing))} is no plain data")
        self.once(thing, _write_reference)

    def referred(self, thing: Any) -> Reference:
        assert self._reference is not None
        return self._reference(thing)

    def _roll_back(self, tokens: int, buffers: int, memo: int) -> None:
        del self.tokens[tokens:], self._buffers[buffers:]
        while len(self._memo) > memo:
            self._memo.popitem()


# a metaclass may have an idea of its own of a class's name
_type_name = vars(type)["__name__"].__get__


def _pack_other(thing: Any) -> ExtType:
    if type(thing) is int:
        return ExtType(_BIG_INT, thing.to_bytes(thing.bit_length() // 8 + 1, "big", signed=True))
    raise WireError("an object that is not what its type says")


# --- reading


class Reader:
    """Reads one message; decoders are functions of a reader, each for one rule."""

    def __init__(
        self, data: bytes, resolve: Callable[[Reference], Any] | None, limits: Limits
    ) -> None:
        _refresh()
        if len(data) > limits.message_bytes:
            raise WireError(f"larger than {limits.message_bytes} bytes")
        view = memoryview(data)
        end = 8 + int.from_bytes(view[:8], "big")
        if len(view) < end:
            raise WireError("a message cut short")
        self._tokens = _scalars(view[8:end], limits.items)
        self._position = 0
        self._buffers = view[end:]
        self._memo: list[Any] = []
        self._depth = 0
        self._budget = limits.items - len(self._tokens)
        self._resolve = resolve
        self.limits = limits

    def message(self) -> Any:
        value = self.value()
        if self._position != len(self._tokens) or len(self._buffers):
            raise WireError("a message with more than its value")
        return value

    def value(self) -> Any:
        """Read one value of any type."""
        token = self._tokens[self._position]
        self._position += 1
        if type(token) is not int:
            return token
        decoder = _DECODERS.get(token)
        if decoder is None:
            raise WireError("an unknown rule")
        self._depth += 1
        if self._depth > self.limits.depth:
            raise WireError(f"nested deeper than {self.limits.depth}")
        value = decoder(self)
        self._depth -= 1
        return value

    def token(self) -> Any:
        """Read one scalar."""
        token = self._tokens[self._position]
        self._position += 1
        return token

    def of(self, *kinds: type) -> Any:
        """Read a value whose exact type is one of `kinds`."""
        value = self.value()
        if not any(type(value) is kind for kind in kinds):
            raise WireError("a value of another type than expected")
        return value

    def scalar(self, *kinds: type) -> Any:
        """Read a scalar whose exact type is one of `kinds`."""
        token = self.token()
        if not any(type(token) is kind for kind in kinds):
            raise WireError("a scalar of another type than expected")
        return token

    def number(self, low: int, high: int) -> int:
        """Read an int from low to high, both included."""
        number = self.token()
        if type(number) is not int or not low <= number <= high:
            raise WireError("a number out of bounds")
        return number

    def items(self) -> list[Any]:
        """Read what `Writer.items` wrote."""
        count = self._tokens[self._position]
        self._position += 1
        left = len(self._tokens) - self._position
        if type(count) is not int or not ~left <= count <= left:
            raise WireError("a number out of bounds")
        if count < 0:
            return [self.value() for _ in range(~count)]
        start, self._position = self._position, self._position + count
        return self._tokens[start : self._position]

    def zone(self) -> Any:
        return self.of(NoneType, timezone, zoneinfo.ZoneInfo)

    def buffer(self) -> memoryview:
        """Read raw bytes, a view into the message."""
        length = self.number(0, len(self._buffers))
        found, self._buffers = self._buffers[:length], self._buffers[length:]
        return found

    def spend(self, weight: int) -> None:
        """Count something that costs more memory or time than its scalars."""
        self._budget -= weight
        if self._budget < 0:
            raise WireError(f"more than {self.limits.items} items")

    def keep(self, thing: Any) -> Any:
        """Number a mutable object, before its content is read."""
        self._memo.append(thing)
        return thing

    def fail(self, why: str) -> NoReturn:
        raise WireError(why)

    def same(self) -> Any:
        thing = self._memo[self.number(0, len(self._memo) - 1)]
        if thing is _UNFINISHED:
            raise WireError("an object that contains itself")
        return thing

    def once(self) -> Any:
        number = len(self._memo)
        self._memo.append(_UNFINISHED)
        following = self._tokens[self._position]
        if type(following) is int and following == _ONCE:
            raise WireError("a rule without a value")
        self._depth -= 1
        self._memo[number] = value = self.value()
        self._depth += 1
        return value

    def reference(self) -> Any:
        self.spend(20)
        owner, number = self.scalar(str), self.number(0, 2**63)
        kind = self.of(dict)
        if self._resolve is None or not all(type(key) is str for key in kind):
            raise WireError("a reference that cannot be followed")
        return self._resolve(Reference(owner, number, kind))


_UNFINISHED = object()


def _scalars(packed: memoryview, most: int) -> list[Any]:
    """All scalars of a message; no more than `most`, and none of them a container."""
    unpacker = Unpacker(
        ext_hook=_unpack_other,
        max_array_len=0,
        max_map_len=0,
        max_buffer_size=max(1, len(packed)),
        read_size=1,
        unicode_errors="surrogatepass",
    )
    unpacker.feed(packed)
    tokens: list[Any] = []
    while chunk := list(islice(unpacker, 100_000)):
        if not set(map(id, map(type, chunk))) <= _TOKENS:
            raise WireError("a scalar of unknown type")
        tokens += chunk
        if len(tokens) > most:
            raise WireError(f"more than {most} items")
    if unpacker.tell() != len(packed):
        raise WireError("a message cut short")
    return tokens


def _unpack_other(code: int, content: bytes) -> Any:
    if code == _BIG_INT:
        return int.from_bytes(content, "big", signed=True)
    if code in wire_tables.PANDAS_CODES and code not in _BY_CODE:
        wire_tables.load("pandas")
        _refresh()
    if content or code not in _BY_CODE:
        raise WireError("an unknown scalar")
    return _BY_CODE[code]


# --- Python's own types: a rule's number, how it is written, how it is read

_SAME, _ONCE, _REFERENCE, _INT, _LIST, _TUPLE, _DICT, _SET, _FROZENSET = range(9)
_ORDERED, _DEFAULT, _COUNTER, _DEQUE, _BYTEARRAY, _COMPLEX, _RANGE, _SLICE = range(9, 17)
_DATE, _DATETIME, _TIME, _TIMEDELTA, _TIMEZONE, _ZONEINFO = range(17, 23)
_DECIMAL, _FRACTION, _UUID, _PATH, _TYPE = range(23, 28)

# reducing a fraction is quadratic in its length
_FRACTION_BITS = 8192
_ZONE_NAME = 64
# as many keys with one hash are no accident
_SAME_HASH = 64


def _write_scalar(writer: Writer, thing: Any) -> None:
    writer.tokens.append(thing)


def _write_int(writer: Writer, thing: int) -> None:
    writer.tokens += (_INT, thing)


def _write_reference(writer: Writer, thing: Any) -> None:
    reference = writer.referred(thing)
    writer.tokens += (_REFERENCE, reference.owner, reference.number)
    writer.value(reference.kind)


def _write_list(writer: Writer, thing: list[Any]) -> None:
    if not writer.seen(thing):
        writer.tokens.append(_LIST)
        writer.items(thing)


def _read_list(reader: Reader) -> list[Any]:
    found: list[Any] = reader.keep([])
    found += reader.items()
    return found


def _write_tuple(writer: Writer, thing: tuple[Any, ...]) -> None:
    # not numbered: a tuple that shares its parts could take for ever to hash
    writer.tokens.append(_TUPLE)
    writer.items(list(thing))


def _read_tuple(reader: Reader) -> tuple[Any, ...]:
    reader.spend(2)
    return tuple(reader.items())


def _write_pairs(writer: Writer, thing: dict[Any, Any]) -> None:
    writer.items(list(dict.keys(thing)))
    writer.items(list(dict.values(thing)))


def _read_pairs(reader: Reader, into: Any) -> Any:
    reader.spend(5)
    keys = reader.items()
    _check_hashes(keys)
    values = reader.items()
    if len(keys) != len(values):
        raise WireError("keys without values")
    dict.update(into, zip(keys, values, strict=True))
    if len(into) != len(keys):
        raise WireError("keys that are equal")
    return into


def _check_hashes(keys: list[Any]) -> None:
    # keys made to collide take a time that grows with the square of their number
    if len(keys) <= _SAME_HASH or set(map(type, keys)) == {str}:
        return
    if max(Counter(map(hash, keys)).values()) > _SAME_HASH:
        raise WireError("keys that collide")


def _write_dict(writer: Writer, thing: dict[Any, Any]) -> None:
    if not writer.seen(thing):
        writer.tokens.append(_DICT)
        _write_pairs(writer, thing)


def _write_ordered(writer: Writer, thing: OrderedDict[Any, Any]) -> None:
    if not writer.seen(thing):
        writer.tokens.append(_ORDERED)
        # its own order: dict's does not follow move_to_end
        writer.items(list(OrderedDict.keys(thing)))
        writer.items(list(OrderedDict.values(thing)))


def _read_ordered(reader: Reader) -> OrderedDict[Any, Any]:
    found: OrderedDict[Any, Any] = reader.keep(OrderedDict())
    pairs: dict[Any, Any] = _read_pairs(reader, {})
    found.update(pairs)
    return found


def _write_default(writer: Writer, thing: defaultdict[Any, Any]) -> None:
    factory = thing.default_factory
    name = None if factory is None else _NAMES.get(id(factory))
    if factory is not None and name is None:
        writer.refuse()
    if not writer.seen(thing):
        writer.tokens += (_DEFAULT, name)
        _write_pairs(writer, thing)


def _read_default(reader: Reader) -> defaultdict[Any, Any]:
    name = reader.scalar(str, NoneType)
    factory = None if name is None else _NAMED[name]
    return _read_pairs(reader, reader.keep(defaultdict(factory)))


def _write_counter(writer: Writer, thing: Counter[Any]) -> None:
    if not writer.seen(thing):
        writer.tokens.append(_COUNTER)
        _write_pairs(writer, thing)


def _set_writer(rule: int, numbered: bool) -> Callable[[Writer, Any], None]:
    def write(writer: Writer, thing: Iterable[Any]) -> None:
        if not numbered or not writer.seen(thing):
            writer.tokens.append(rule)
            writer.items(list(thing))

    return write


def _read_set(reader: Reader) -> set[Any]:
    return _fill(reader, reader.keep(set()))


def _read_frozenset(reader: Reader) -> frozenset[Any]:
    return frozenset(_fill(reader, set()))


def _fill(reader: Reader, into: set[Any]) -> set[Any]:
    reader.spend(5)
    found = reader.items()
    _check_hashes(found)
    into.update(found)
    if len(into) != len(found):
        raise WireError("elements that are equal")
    return into


def _write_deque(writer: Writer, thing: deque[Any]) -> None:
    if not writer.seen(thing):
        writer.tokens += (_DEQUE, thing.maxlen)
        writer.items(list(thing))


def _read_deque(reader: Reader) -> deque[Any]:
    reader.spend(10)
    most = reader.scalar(int, NoneType)
    found: deque[Any] = reader.keep(deque(maxlen=most))
    values = reader.items()
    if most is not None and len(values) > most:
        raise WireError("a deque longer than its limit")
    found.extend(values)
    return found


def _write_bytearray(writer: Writer, thing: bytearray) -> None:
    if not writer.seen(thing):
        writer.tokens += (_BYTEARRAY, bytes(thing))


def _write_datetime(writer: Writer, thing: datetime) -> None:
    writer.tokens += (_DATETIME, thing.year, thing.month, thing.day, thing.hour, thing.minute)
    writer.tokens += (thing.second, thing.microsecond, thing.fold)
    writer.zone(thing.tzinfo)


def _read_datetime(reader: Reader) -> datetime:
    year, month, day, hour, minute, second, micro, fold = (reader.scalar(int) for _ in range(8))
    return datetime(year, month, day, hour, minute, second, micro, reader.zone(), fold=fold)


def _write_time(writer: Writer, thing: clock) -> None:
    writer.tokens += (_TIME, thing.hour, thing.minute, thing.second, thing.microsecond, thing.fold)
    writer.zone(thing.tzinfo)


def _read_time(reader: Reader) -> clock:
    hour, minute, second, micro, fold = (reader.scalar(int) for _ in range(5))
    return clock(hour, minute, second, micro, reader.zone(), fold=fold)


def _write_timedelta(writer: Writer, thing: timedelta) -> None:
    writer.tokens += (_TIMEDELTA, thing.days, thing.seconds, thing.microseconds)


def _read_timedelta(reader: Reader) -> timedelta:
    days, seconds, microseconds = (reader.scalar(int) for _ in range(3))
    return timedelta(days, seconds, microseconds)


def _write_timezone(writer: Writer, thing: timezone) -> None:
    offset = thing.utcoffset(None)
    name: str | None = thing.tzname(None)
    if timezone(offset).tzname(None) == name:
        name = None
    writer.tokens += (_TIMEZONE, offset.days, offset.seconds, offset.microseconds, name)


def _read_timezone(reader: Reader) -> timezone:
    offset, name = _read_timedelta(reader), reader.scalar(str, NoneType)
    return timezone(offset) if name is None else timezone(offset, name)


def _write_zoneinfo(writer: Writer, thing: zoneinfo.ZoneInfo) -> None:
    if type(thing.key) is not str:
        writer.refuse()
    writer.tokens += (_ZONEINFO, thing.key)


def _read_zoneinfo(reader: Reader) -> zoneinfo.ZoneInfo:
    reader.spend(50)
    name: str = reader.scalar(str)
    plain = name.replace("/", "").replace("_", "").replace("-", "").replace("+", "")
    if len(name) > _ZONE_NAME or not (plain.isascii() and plain.isalnum()) or name[0] == "/":
        raise WireError("a time zone that is none")
    return zoneinfo.ZoneInfo(name)


def _write_fraction(writer: Writer, thing: Fraction) -> None:
    above, below = thing.numerator, thing.denominator
    if type(above) is not int or type(below) is not int:
        writer.refuse()
    if max(above.bit_length(), below.bit_length()) > _FRACTION_BITS:
        writer.refuse()
    writer.tokens += (_FRACTION, above, below)


def _read_fraction(reader: Reader) -> Fraction:
    reader.spend(10)
    bound = 2**_FRACTION_BITS
    return Fraction(reader.number(-bound, bound), reader.number(1, bound))


def _write_uuid(writer: Writer, thing: UUID) -> None:
    writer.tokens += (_UUID, thing.bytes, thing.is_safe.value)


def _read_uuid(reader: Reader) -> UUID:
    content = reader.scalar(bytes)
    return UUID(bytes=content, is_safe=SafeUUID(reader.scalar(int, NoneType)))


_PATHS: dict[str, type[PurePath]] = {
    kind.__name__: kind for kind in (PosixPath, PurePosixPath, PureWindowsPath)
}
_PATH_NAMES = {id(kind): name for name, kind in _PATHS.items()}


def _write_path(writer: Writer, thing: PurePath) -> None:
    writer.tokens += (_PATH, _PATH_NAMES[id(type(thing))], str(thing))


def _read_path(reader: Reader) -> PurePath:
    reader.spend(10)
    return _PATHS[reader.scalar(str)](reader.scalar(str))


def _write_type(writer: Writer, thing: type) -> None:
    name = _NAMES.get(id(thing))
    if name is None:
        writer.refuse()
    writer.tokens += (_TYPE, name)


def _write_range(writer: Writer, thing: range) -> None:
    writer.tokens += (_RANGE, thing.start, thing.stop, thing.step)


def _read_range(reader: Reader) -> range:
    return range(reader.scalar(int), reader.scalar(int), reader.scalar(int))


def _write_slice(writer: Writer, thing: slice) -> None:
    writer.tokens.append(_SLICE)
    for part in (thing.start, thing.stop, thing.step):
        writer.value(part)


def _write_complex(writer: Writer, thing: complex) -> None:
    writer.tokens += (_COMPLEX, thing.real, thing.imag)


def _write_date(writer: Writer, thing: date) -> None:
    writer.tokens += (_DATE, thing.toordinal())


def _write_decimal(writer: Writer, thing: Decimal) -> None:
    writer.tokens += (_DECIMAL, str(thing))


_BY_TYPE: dict[type, Callable[[Writer, Any], None]] = {
    **dict.fromkeys((float, bool, str, bytes, NoneType), _write_scalar),
    **dict.fromkeys(_PATHS.values(), _write_path),
    int: _write_int,
    list: _write_list,
    tuple: _write_tuple,
    dict: _write_dict,
    set: _set_writer(_SET, True),
    frozenset: _set_writer(_FROZENSET, False),
    OrderedDict: _write_ordered,
    defaultdict: _write_default,
    Counter: _write_counter,
    deque: _write_deque,
    bytearray: _write_bytearray,
    complex: _write_complex,
    range: _write_range,
    slice: _write_slice,
    date: _write_date,
    datetime: _write_datetime,
    clock: _write_time,
    timedelta: _write_timedelta,
    timezone: _write_timezone,
    zoneinfo.ZoneInfo: _write_zoneinfo,
    Decimal: _write_decimal,
    Fraction: _write_fraction,
    UUID: _write_uuid,
    type: _write_type,
}
_ENCODERS = {id(kind): encoder for kind, encoder in _BY_TYPE.items()}

_DECODERS: dict[int, Callable[[Reader], Any]] = {
    _SAME: Reader.same,
    _ONCE: Reader.once,
    _REFERENCE: Reader.reference,
    _INT: lambda reader: reader.scalar(int),
    _LIST: _read_list,
    _TUPLE: _read_tuple,
    _DICT: lambda reader: _read_pairs(reader, reader.keep({})),
    _SET: _read_set,
    _FROZENSET: _read_frozenset,
    _ORDERED: _read_ordered,
    _DEFAULT: _read_default,
    _COUNTER: lambda reader: _read_pairs(reader, reader.keep(Counter())),
    _DEQUE: _read_deque,
    _BYTEARRAY: lambda reader: reader.keep(bytearray(reader.scalar(bytes))),
    _COMPLEX: lambda reader: complex(reader.scalar(float), reader.scalar(float)),
    _RANGE: _read_range,
    _SLICE: lambda reader: slice(reader.value(), reader.value(), reader.value()),
    _DATE: lambda reader: date.fromordinal(reader.scalar(int)),
    _DATETIME: _read_datetime,
    _TIME: _read_time,
    _TIMEDELTA: _read_timedelta,
    _TIMEZONE: _read_timezone,
    _ZONEINFO: _read_zoneinfo,
    _DECIMAL: lambda reader: Decimal(reader.scalar(str)),
    _FRACTION: _read_fraction,
    _UUID: _read_uuid,
    _PATH: _read_path,
    _TYPE: lambda reader: _NAMED[reader.scalar(str)],
    **wire_tables.DECODERS,
}
