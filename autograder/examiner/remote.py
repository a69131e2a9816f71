"""Objects of the other process: calls travel, plain data travels by value, the rest by proxy.

`Peer` speaks both ways over one socket: while it waits for a reply it serves requests, so that
a student's function can call back a function that a test gave it. The two sides differ in
trust. The candidate lets the examiner do anything to its objects. The examiner gives the
candidate copies of library objects, lets it call, iterate or read only what the test itself
defined, and never believes an object about its own equality, truth or arithmetic, unless the
test itself built it from a class that is an answer: an object equal to everything is equal to
nothing here.
"""

import builtins
import importlib
import inspect
import itertools
import pickle
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from autograder.examiner import wire
from autograder.examiner.wire import Reference, WireError

_UNARY = ("__neg__", "__pos__", "__abs__", "__invert__")
_NUMBERS = ("__int__", "__float__", "__index__", "__complex__")
_OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")
_BITWISE = ("and", "or", "xor", "lshift", "rshift")
_BINARY = tuple(f"__{prefix}{name}__" for name in (*_OPERATORS, *_BITWISE) for prefix in ("", "r"))
_COMPARISONS = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")
_CONTAINER = ("__getitem__", "__setitem__", "__delitem__", "__len__", "__iter__", "__next__")
_CONTEXT = ("__enter__", "__exit__")
# believed of any object: they give values that have to be right, and learn nothing
_PLAIN_POWERS = (*_NUMBERS, *_CONTAINER, *_CONTEXT, "__call__", "__reversed__")
# believed only of objects that a test built from a class that is an answer
_BELIEVED_POWERS = (*_UNARY, *_BINARY, "__contains__", "__bool__", "__hash__", "__round__")
SPECIAL = (*_PLAIN_POWERS, *_BELIEVED_POWERS, *_COMPARISONS)
_MUTABLE = (list, dict, set, bytearray)
# a call of these that returns one of these is the usual one, and goes in short
_SCALARS = {int, float, bool, str, bytes, type(None)}


class RemoteError(Exception):
    """The other process broke the protocol or died."""


class Peer:
    """One end of the conversation.

    Args:
        sock: a connected stream socket.
        trusted: the other side is the examiner; anything it asks is done.
        deadline: monotonic time after which every wait ends in TimeoutError.
    """

    def __init__(
        self, sock: socket.socket, *, trusted: bool, deadline: float | None = None
    ) -> None:
        self.sock = sock
        self._stream = wire.Stream(sock)
        self.trusted = trusted
        self.deadline = deadline
        self.exports: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self._next = itertools.count(1)
        self.proxies: dict[int, Any] = {}
        self.namespace: dict[str, Any] = {}
        self.before_request: Callable[[], None] = lambda: None
        # did the other side change, or have called, an object of this one?
        self.let_in = False

    # requests

    def request(self, operation: str, *arguments: Any) -> Any:
        """Ask the other side and return its answer; its exception is raised here."""
        self.before_request()
        if operation == "call" and not arguments[2] and _are_scalars(arguments[1]):
            message = ["()", _number(arguments[0]), *arguments[1]]
        else:
            message = ["?", operation, list(arguments)]
        wire.send(self.sock, self.encode(message))
        reply = self._serve_until_reply()
        self._take_changes(reply.get("changed"), arguments)
        if "error" in reply:
            raise remote_exception(self, reply["error"])
        same = reply.get("same")
        if isinstance(same, int):
            mine = _mutable_arguments(list(arguments))
            if 0 <= same < len(mine):
                return mine[same]
        return reply.get("ok")

    def _serve_until_reply(self) -> dict[str, Any]:
        while True:
            message = self._receive()
            if message[0] == "!":
                return dict(message[1])
            self._serve(message[1], message[2])

    def _receive(self) -> list[Any]:
        """The next request or reply, written out where it came in short."""
        try:
            message = self.decode(self._stream.receive(self.deadline))
        except (EOFError, ConnectionError) as error:
            raise RemoteError("the process of the answer ended") from error
        if type(message) is not list or not message or type(message[0]) is not str:
            raise WireError("neither a request nor a reply")
        if message[0] == "=" and len(message) == 2:
            return ["!", {"ok": message[1]}]
        if message[0] == "()" and len(message) > 1 and type(message[1]) is int:
            if message[1] not in self.exports:
                raise WireError("a reference to nothing")
            return ["?", "call", [self.exports[message[1]], message[2:], {}]]
        if message[0] not in ("?", "!"):
            raise WireError("neither a request nor a reply")
        if message[0] == "!" and not (len(message) == 2 and isinstance(message[1], dict)):
            raise WireError("a malformed reply")
        if message[0] == "?" and not (len(message) == 3 and isinstance(message[2], list)):
            raise WireError("a malformed request")
        return message

    def serve_forever(self) -> None:
        """Serve requests until the other side is gone."""
        while True:
            try:
                message = self._receive()
            except RemoteError:
                return
            if message[0] == "?":
                self._serve(message[1], message[2])

    def _serve(self, operation: Any, arguments: list[Any]) -> None:
        self.let_in = True
        before = [_snapshot(each) for each in _mutable_arguments(arguments)]
        try:
            handler = (_OPERATIONS if self.trusted else _ALLOWED_TO_CANDIDATE).get(operation)
            if handler is None:
                raise PermissionError(f"operation {operation!r} is not allowed here")
            result = handler(self, *arguments)
            mine = _mutable_arguments(arguments) if self.trusted else []
            place = next((i for i, each in enumerate(mine) if each is result), None)
            reply: dict[str, Any] = {"ok": result} if place is None else {"same": place}
        except BaseException as error:
            if isinstance(error, (RemoteError, TimeoutError)) and not self.trusted:
                raise
            reply = {"error": self._describe_error(error)}
        if before and self.trusted:
            reply["changed"] = self._changes(before, arguments)
        try:
            short = len(reply) == 1 and "ok" in reply and type(reply["ok"]) in _SCALARS
            data = self.encode(["=", reply["ok"]] if short else ["!", reply])
        except Exception as error:
            data = self.encode(["!", {"error": self._describe_error(error)}])
        wire.send(self.sock, data)

    # values

    def encode(self, value: Any) -> bytes:
        """Encode by value where the type is plain data, else by a reference to export."""
        return wire.encode(value, self._reference)

    def decode(self, data: bytes) -> Any:
        """Decode; references become the original object or a proxy."""
        return wire.decode(data, self._resolve)

    def _reference(self, value: Any) -> Reference:
        if isinstance(value, Proxy):
            return Reference("yours", _number(value), {})
        if not self.trusted:
            name = global_name(value)
            if name:
                return Reference("global", 0, {"name": name})
            copy = _copy_for_candidate(value)
            if copy is not None:
                return Reference("copy", 0, {"pickle": copy})
        return self._export(value)

    def _export(self, value: Any) -> Reference:
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = next(self._next)
            self.exports[number] = value
        return Reference("mine", number, describe(value) if self.trusted else _callback(value))

    def _resolve(self, reference: Reference) -> Any:
        if reference.owner == "yours":
            if reference.number not in self.exports:
                raise WireError("a reference to nothing")
            return self.exports[reference.number]
        if reference.owner == "global" and self.trusted:
            name = str(reference.kind.get("name"))
            importlib.import_module(name.partition(":")[0])
            return find_global(name)
        if reference.owner == "copy" and self.trusted:
            return pickle.loads(reference.kind["pickle"])
        if reference.owner != "mine":
            raise WireError("a reference of nobody")
        known = self.proxies.get(reference.number)
        if known is None:
            known = make_proxy(self, reference.number, reference.kind)
            self.proxies[reference.number] = known
        return known

    # arguments that the called function changed in place

    def _changes(self, before: list[Any], arguments: list[Any]) -> dict[int, Any]:
        changed = {}
        for place, (old, now) in enumerate(
            zip(before, _mutable_arguments(arguments), strict=False)
        ):
            if old is not None and _snapshot(now) != old:
                changed[place] = now
        return changed

    def _take_changes(self, changed: Any, arguments: tuple[Any, ...]) -> None:
        if not changed or not isinstance(changed, dict):
            return
        self.let_in = True
        mine = _mutable_arguments(list(arguments))
        for place, value in changed.items():
            if isinstance(place, int) and 0 <= place < len(mine):
                _overwrite(mine[place], value)

    def _describe_error(self, error: BaseException) -> dict[str, Any]:
        number = self._export(error).number if self.trusted else 0
        mro = [f"{base.__module__}.{base.__qualname__}" for base in type(error).__mro__]
        return {
            "number": number,
            "type": number and self._export(type(error)).number,
            "name": type(error).__name__,
            "mro": mro,
            "args": [each for each in error.args if isinstance(each, (str, int, float))],
            "text": str(error)[:5000],
        }


# what the examiner may ask of the candidate


def _perform(peer: Peer, target: Any, name: str, *arguments: Any) -> Any:
    return getattr(type(target), name)(target, *arguments)


def _lookup(peer: Peer, name: str) -> Any:
    return peer.namespace[name]


def _bind(peer: Peer, name: str, value: Any) -> None:
    peer.namespace[name] = value


def _unbind(peer: Peer, name: str) -> None:
    peer.namespace.pop(name, None)


def _call(peer: Peer, target: Any, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    return target(*arguments, **keywords)


def _signature(peer: Peer, target: Any) -> list[list[Any]]:
    parameters = inspect.signature(target).parameters.values()
    return [
        [each.name, int(each.kind), each.default is not each.empty, _default(each)]
        for each in parameters
    ]


def _default(parameter: inspect.Parameter) -> Any:
    return None if parameter.default is parameter.empty else parameter.default


def _source(peer: Peer, target: Any) -> str:
    return inspect.getsource(target)


_OPERATIONS: dict[Any, Callable[..., Any]] = {
    "lookup": _lookup,
    "bind": _bind,
    "unbind": _unbind,
    "call": _call,
    "getattr": lambda peer, target, name: getattr(target, name),
    "setattr": lambda peer, target, name, value: setattr(target, name, value),
    "delattr": lambda peer, target, name: delattr(target, name),
    "special": _perform,
    "isinstance": lambda peer, target, kind: isinstance(target, kind),
    "issubclass": lambda peer, target, kind: issubclass(target, kind),
    "signature": _signature,
    "source": _source,
    "repr": lambda peer, target: repr(target)[:20_000],
    "str": lambda peer, target: str(target)[:20_000],
    "format": lambda peer, target, specification: format(target, specification)[:20_000],
    "modules": lambda peer: sorted(sys.modules),
    "dir": lambda peer, target: [each for each in dir(target) if isinstance(each, str)],
}


# what the candidate may ask of an object that a test passed


def _allowed_call(peer: Peer, target: Any, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    return target(*arguments, **keywords)


def _allowed_getattr(peer: Peer, target: Any, name: str) -> Any:
    if not isinstance(name, str) or name.startswith("_") or not _is_of_the_course(target):
        raise AttributeError(f"attribute {name!r} of the test's object is out of reach")
    return getattr(target, name)


def _allowed_special(peer: Peer, target: Any, name: str, *arguments: Any) -> Any:
    if name not in _usable(target):
        raise PermissionError(f"{name} of the test's object is out of reach")
    return getattr(type(target), name)(target, *arguments)


def _is_of_the_course(target: Any) -> bool:
    """An instance of a class that a test or a locked cell defines.

    Of anything else that travels by reference (functions, generators, open connections) an
    attribute would lead to frames, memory or files of the examiner.
    """
    return type(target).__module__ == "__main__"


def _usable(target: Any) -> list[str]:
    """What a candidate may do with an object of a test, beside calling it."""
    names: tuple[str, ...] = ()
    if _is_of_the_course(target):
        names = ("__len__", "__iter__", "__next__", "__getitem__", "__contains__")
    elif isinstance(target, Iterator):
        names = ("__iter__", "__next__")
    return [name for name in names if _has_special(type(target), name)]


def _copy_for_candidate(value: Any) -> bytes | None:
    """A pickle of a library's object (a model, a random generator), for the candidate alone.

    A function of the cells, or an instance of a class of theirs, cannot be pickled: it travels
    by reference.
    """
    try:
        return pickle.dumps(value, protocol=5)
    except Exception:
        return None


_ALLOWED_TO_CANDIDATE: dict[Any, Callable[..., Any]] = {
    "call": _allowed_call,
    "getattr": _allowed_getattr,
    "special": _allowed_special,
}


# describing an object, and rebuilding what is believed of the description


def describe(value: Any) -> dict[str, Any]:
    """What the examiner needs to stand in for an object of the candidate."""
    kind = type(value)
    special = [name for name in SPECIAL if _has_special(kind, name)]
    described: dict[str, Any] = {
        "type": f"{kind.__module__}.{kind.__qualname__}",
        "mro": [f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__],
        "special": special,
        "name": str(getattr(value, "__name__", "")),
    }
    if isinstance(value, type):
        described["class"] = [f"{base.__module__}.{base.__qualname__}" for base in value.__mro__]
    return described


def _has_special(kind: type, name: str) -> bool:
    found = getattr(kind, name, None)
    return found is not None and found is not getattr(object, name, None)


def _callback(value: Any) -> dict[str, Any]:
    """What the candidate is told of an object of the test: how it can be used, no more."""
    return {
        "type": f"test.{type(value).__name__}",
        "mro": [],
        "special": [*(["__call__"] if callable(value) else []), *_usable(value)],
        "name": str(getattr(value, "__name__", "")),
    }


def global_name(value: Any) -> str | None:
    """`module:qualified.name` of a module, class or function that an import finds again."""
    if inspect.ismodule(value):
        return f"{value.__name__}:"
    module = getattr(value, "__module__", None)
    qualified = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if not isinstance(module, str) or not isinstance(qualified, str) or module == "__main__":
        return None
    if not isinstance(value, type) and not callable(value):
        return None
    try:
        found = find_global(f"{module}:{qualified}")
    except Exception:
        return None
    return f"{module}:{qualified}" if found is value else None


def find_global(name: str) -> Any:
    """The object of that `module:qualified.name` among the modules already imported."""
    module, _, qualified = name.partition(":")
    found: Any = sys.modules[module]
    for part in qualified.split(".") if qualified else ():
        found = vars(found)[part]  # no getattr: a lazy module would import
    return found


def trusted_class(mro: Any) -> type | None:
    """The first class of a described MRO that this process has too, and that is no plain data."""
    for name in mro if isinstance(mro, list) else ():
        module, _, qualified = str(name).rpartition(".")
        if str(name) in _NOT_IMPERSONATED:
            return None
        try:
            found = find_global(f"{module}:{qualified}")
        except Exception:
            continue
        if isinstance(found, type) and found is not object:
            return found
    return None


# their instances are told by value; a proxy must never pass for one (torch would crash on it)
_NOT_IMPERSONATED = {
    f"builtins.{kind.__name__}"
    for kind in (
        bool,
        int,
        float,
        complex,
        str,
        bytes,
        bytearray,
        list,
        tuple,
        dict,
        set,
        frozenset,
    )
} | {
    "numpy.ndarray",
    "pandas.DataFrame",
    "pandas.Series",
    "pandas.core.frame.DataFrame",
    "pandas.core.series.Series",
    "torch.Tensor",
}


class Proxy:
    """Stands for an object of the other process. Made by `make_proxy` only."""

    __slots__ = ("__weakref__", "_believed", "_constructs", "_described", "_number", "_peer")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__array") or name in _NEVER:
            raise AttributeError(name)
        return _ask(self, "getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        _ask(self, "setattr", name, value)

    def __delattr__(self, name: str) -> None:
        _ask(self, "delattr", name)

    def __repr__(self) -> str:
        return str(_ask(self, "repr"))

    def __str__(self) -> str:
        return str(_ask(self, "str"))

    def __format__(self, specification: str) -> str:
        return str(_ask(self, "format", specification))

    def __dir__(self) -> list[str]:
        return [str(each) for each in _ask(self, "dir")]

    def __reduce_ex__(self, protocol: object) -> Any:
        raise TypeError("an object of the answer cannot be pickled or copied")

    def __eq__(self, other: object) -> bool:
        return bool(_compare(self, "__eq__", other, self is other))

    def __ne__(self, other: object) -> bool:
        return bool(_compare(self, "__ne__", other, self is not other))

    def __hash__(self) -> int:
        return hash((id(_get(self, "_peer")), _get(self, "_number")))


# no raw memory, no protocol that trusts its object, no descriptor tricks
_NEVER = frozenset(
    (
        "__dlpack__", "__dlpack_device__", "__arrow_c_array__", "__arrow_c_stream__",
        "__arrow_c_schema__", "__buffer__", "__dataframe__", "__cuda_array_interface__",
        "__jax_array__", "__torch_function__", "__wrapped__", "__await__", "__del__",
        "__slots__", "__set_name__", "__get__", "__set__", "__delete__", "__index__",
        "__float__", "__int__",
    )
)  # fmt: skip


def _get(proxy: Any, slot: str) -> Any:
    return object.__getattribute__(proxy, slot)


def _number(proxy: Any) -> int:
    return int(_get(proxy, "_number"))


def _ask(proxy: Any, operation: str, *arguments: Any) -> Any:
    return _get(proxy, "_peer").request(operation, proxy, *arguments)


def is_believed(value: Any) -> bool:
    """Was this object built by the test itself from a class that is an answer?"""
    return isinstance_of_proxy(value) and bool(_get(value, "_believed"))


def isinstance_of_proxy(value: Any) -> bool:
    """Is it a proxy (asked of its real class, not of the one that it shows)?"""
    return issubclass(type(value), Proxy)


def believe_instances(proxy: Any) -> Any:
    """Mark a class that the reference defines as an answer: what tests build from it is believed.

    Only the reference says so: a class in the place of a function or of a number is not.
    """
    if isinstance_of_proxy(proxy) and isinstance(_get(proxy, "_described").get("class"), list):
        object.__setattr__(proxy, "_constructs", True)
    return proxy


def _believe(result: Any) -> Any:
    if isinstance_of_proxy(result):
        object.__setattr__(result, "_believed", True)
    return result


def _compare(proxy: Any, name: str, other: Any, otherwise: bool) -> Any:
    """Two objects of the answer compare themselves; with anything else only if believed."""
    if isinstance_of_proxy(other) or is_believed(proxy):
        result = _ask(proxy, "special", name, other)
        return otherwise if result is NotImplemented else result
    return otherwise


def make_proxy(peer: Peer, number: int, described: Mapping[str, Any]) -> Any:
    """A proxy with the powers that its description gives and this side believes."""
    special = described.get("special")
    names = [name for name in SPECIAL if isinstance(special, list) and name in special]
    is_class = isinstance(described.get("class"), list)
    shown = trusted_class(described.get("mro"))
    body: dict[str, Any] = {"__slots__": ()}
    for name in names:
        power = _power(name)
        if power is not None:
            body[name] = power
    if is_class:
        body["__instancecheck__"] = _instance_check
        body["__subclasscheck__"] = _subclass_check
        body["__mro_entries__"] = _no_subclassing
    if shown is not None:
        body["__class__"] = property(lambda self: shown)
    title = str(described.get("type", "object")).rpartition(".")[2][:100] or "object"
    proxy_class = type(title, (Proxy,), body)
    proxy: Any = object.__new__(proxy_class)
    for slot, value in (
        ("_peer", peer),
        ("_number", number),
        ("_described", dict(described)),
        ("_believed", False),
        ("_constructs", False),
    ):
        object.__setattr__(proxy, slot, value)
    return proxy


def _power(name: str) -> Any:
    if name in ("__eq__", "__ne__", "__hash__"):
        return None  # Proxy's own
    if name == "__call__":
        return _called
    if name in _COMPARISONS:
        return _ordered(name)
    if name == "__iter__":
        return _iterated
    if name == "__next__":
        return _next_item
    if name in _PLAIN_POWERS:
        return lambda self, *arguments: _ask(self, "special", name, *arguments)
    return _believed_power(name)


def _called(self: Any, /, *arguments: Any, **keywords: Any) -> Any:
    result = _get(self, "_peer").request("call", self, list(arguments), keywords)
    return _believe(result) if _get(self, "_constructs") else result


def _iterated(self: Any) -> Iterator[Any]:
    result = _ask(self, "special", "__iter__")
    return self if result is self else iter(result)


def _next_item(self: Any) -> Any:
    return _ask(self, "special", "__next__")


def _ordered(name: str) -> Any:
    def compare(self: Any, other: Any) -> Any:
        if isinstance_of_proxy(other) or is_believed(self):
            return _ask(self, "special", name, other)
        return NotImplemented

    return compare


def _believed_power(name: str) -> Any:
    def power(self: Any, *arguments: Any) -> Any:
        if is_believed(self):
            return _believe(_ask(self, "special", name, *arguments))
        if name == "__bool__":
            return True
        if name == "__contains__":
            return any(item is arguments[0] or item == arguments[0] for item in self)
        if name in _BINARY:
            return NotImplemented
        raise TypeError(f"an object of type {type(self).__name__} where a plain value was expected")

    return power


def _instance_check(self: Any, instance: Any) -> bool:
    return isinstance_of_proxy(instance) and bool(
        _get(self, "_peer").request("isinstance", instance, self)
    )


def _subclass_check(self: Any, kind: Any) -> bool:
    return isinstance_of_proxy(kind) and bool(_get(self, "_peer").request("issubclass", kind, self))


def _no_subclassing(self: Any, bases: object) -> tuple[type, ...]:
    raise TypeError("a test cannot subclass a class of the answer when it is sealed")


# exceptions


def remote_exception(peer: Peer, error: Any) -> BaseException:
    """The exception of the other side, as a class that `except` and `pytest.raises` catch."""
    if not isinstance(error, dict):
        raise WireError("a malformed error")
    mro = [str(name) for name in error.get("mro", []) if isinstance(name, str)]
    base = next((kind for kind in map(_builtin_exception, mro) if kind), Exception)
    if base in (SystemExit, KeyboardInterrupt, GeneratorExit, BaseException):
        base = RemoteStop
    arguments = error.get("args")
    arguments = arguments if isinstance(arguments, list) else []
    if not arguments and error.get("text"):
        arguments = [str(error["text"])]
    name = str(error.get("name", "Exception"))[:100]
    if mro and mro[0] == f"builtins.{base.__name__}":
        kind: type[BaseException] = base
    else:
        number = error.get("type")
        kind = _exception_class(peer, number if isinstance(number, int) else 0, name, base)
    try:
        exception = kind(*arguments)
    except Exception:
        exception = RuntimeError(f"{name}: {error.get('text', '')}")
    exception.__dict__["_ecole_remote"] = True
    return exception


class RemoteStop(Exception):
    """The answer tried to end the process (`sys.exit()` and the like)."""


def _builtin_exception(name: str) -> type[BaseException] | None:
    module, _, plain = name.rpartition(".")
    found = getattr(builtins, plain, None) if module == "builtins" else None
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


_EXCEPTION_CLASSES: dict[tuple[int, int], type[BaseException]] = {}


def _exception_class(
    peer: Peer, number: int, name: str, base: type[BaseException]
) -> type[BaseException]:
    key = (id(peer), number)
    if key not in _EXCEPTION_CLASSES:
        _EXCEPTION_CLASSES[key] = type(name, (base,), {})
    return _EXCEPTION_CLASSES[key]


def answer_exception(peer: Peer, proxy: Any) -> Any:
    """For an answer that is an exception class: the local class that its exceptions get."""
    described = _get(proxy, "_described")
    bases = described.get("class")
    base = next((kind for kind in map(_builtin_exception, bases or []) if kind), None)
    if base is None:
        return proxy
    return _exception_class(peer, _number(proxy), str(described.get("name")), base)


# mutable arguments


def _are_scalars(arguments: list[Any]) -> bool:
    return all(type(each) in _SCALARS for each in arguments)


def _mutable_arguments(arguments: list[Any]) -> list[Any]:
    """Arguments of a call that can be changed in place, in an order both sides find."""
    if len(arguments) < 3 or not isinstance(arguments[1], list):
        return []
    keywords = arguments[2] if isinstance(arguments[2], dict) else {}
    candidates = [*arguments[1], *(keywords[key] for key in sorted(map(str, keywords)))]
    return [each for each in candidates if _is_mutable(each)]


def _is_mutable(value: Any) -> bool:
    kind = type(value)
    if kind in _MUTABLE:
        return True
    return kind.__name__ in ("ndarray", "DataFrame", "Series") and kind.__module__.split(".")[
        0
    ] in ("numpy", "pandas")


def _snapshot(value: Any) -> bytes | None:
    try:
        return wire.encode(value, lambda each: Reference("mine", id(each), {}))
    except Exception:
        return None


def _overwrite(target: Any, value: Any) -> None:
    """Give an argument the content that the called function left in it."""
    kind = type(target)
    if kind is not type(value):
        return
    if kind is list or kind is bytearray:
        target[:] = value
    elif kind is dict or kind is set:
        target.clear()
        target.update(value)
    elif kind.__name__ == "ndarray":
        if target.shape == value.shape and target.dtype == value.dtype:
            target[...] = value
    else:
        target._update_inplace(value)


def ask_about(proxy: Any, operation: str) -> Any:
    """The `source` or the `signature` of a function of the other side."""
    found = _get(proxy, "_peer").request(operation, proxy)
    if operation == "source":
        return str(found)
    parameters = [
        inspect.Parameter(
            str(name),
            inspect._ParameterKind(kind),
            default=default if has_default else inspect.Parameter.empty,
        )
        for name, kind, has_default, default in found
    ]
    return inspect.Signature(parameters)
