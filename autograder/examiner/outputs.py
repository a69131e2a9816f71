"""What a process of the submission says became of a cell, checked before it is kept."""

from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.examiner.processes import BrokenConversation


def error_output(name: str, value: str) -> NotebookNode:
    """An error output of our own."""
    return _output("error", ename=name, evalue=value, traceback=[f"{name}: {value}"])


def checked_reply(reply: Any, limit: int) -> tuple[str, list[NotebookNode], int | None]:
    """State, outputs and execution count of a cell.

    Args:
        reply: what the process sent, plain data.
        limit: characters of outputs; what is far beyond is dropped.

    Raises:
        BrokenConversation: the reply is none.
    """
    if not isinstance(reply, dict) or reply.get("state") not in ("ok", "error", "timeout"):
        raise BrokenConversation("a malformed reply")
    outputs = []
    told = reply.get("outputs")
    for each in told if isinstance(told, list) else []:
        output = _checked_output(each)
        if output is not None:
            outputs.append(output)
        limit -= len(str(each))
        if limit < -1_000_000:
            break
    count = reply.get("count") if isinstance(reply.get("count"), int) else None
    for output in outputs:
        if output.output_type == "execute_result":
            output["execution_count"] = count
    state = str(reply["state"])
    if state == "error" and not any(each.output_type == "error" for each in outputs):
        outputs.append(error_output("Error", "this cell failed"))
    return state, outputs, count


def _checked_output(told: Any) -> NotebookNode | None:
    """An nbformat output from what was told, or None when it is no output."""
    if not isinstance(told, dict):
        return None
    kind = told.get("output_type")
    if kind == "stream":
        name = "stderr" if told.get("name") == "stderr" else "stdout"
        return _output("stream", name=name, text=_text(told.get("text")))
    if kind == "error":
        lines = told.get("traceback")
        return _output(
            "error",
            ename=_text(told.get("ename"))[:200],
            evalue=_text(told.get("evalue")),
            traceback=[_text(line) for line in lines] if isinstance(lines, list) else [],
        )
    if kind in ("display_data", "execute_result") and isinstance(told.get("data"), dict):
        data = {_text(key): _json(value) for key, value in told["data"].items()}
        count = {"execution_count": None} if kind == "execute_result" else {}
        return _output(kind, data=data, metadata=_image_metadata(told, data), **count)
    return None


def _image_metadata(told: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Description and size of images by MIME type, no more: pages write metadata unescaped."""
    metadata = told.get("metadata")
    found: dict[str, Any] = {}
    if not isinstance(metadata, dict):
        return found
    for kind in data:
        about = metadata.get(kind)
        if isinstance(about, dict):
            sizes = ("width", "height")
            found[kind] = {name: about[name] for name in sizes if type(about.get(name)) is int}
            if isinstance(about.get("alt"), str):
                found[kind]["alt"] = _text(about["alt"])
    return found


def checked_lines(reply: dict[str, Any]) -> list[int]:
    """The lines of a test at which it failed, none where it did not."""
    lines = reply.get("lines")
    found = lines if isinstance(lines, list) else []
    return [line for line in found if isinstance(line, int)]


def _output(kind: str, **fields: Any) -> NotebookNode:
    """An output that is valid as it is made (nbformat's own maker validates each)."""
    return nbformat.from_dict({"output_type": kind, **fields})


def _text(value: Any) -> str:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _json(value: Any, depth: int = 0) -> Any:
    if depth > 20:
        return None
    if isinstance(value, dict):
        return {_text(key): _json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item, depth + 1) for item in value]
    if isinstance(value, str):
        return _text(value)
    return value if isinstance(value, (int, float, bool)) or value is None else None


def checked_files(reply: Any) -> dict[str, bytes]:
    """Files by relative path, below the working directory.

    Raises:
        BrokenConversation: the reply is none.
    """
    files = reply.get("files") if isinstance(reply, dict) else None
    if not isinstance(files, dict):
        raise BrokenConversation("a malformed list of files")
    kept = {}
    for name, data in files.items():
        parts = name.split("/") if isinstance(name, str) else [".."]
        if isinstance(data, bytes) and ".." not in parts and not name.startswith("/"):
            kept[name] = data
    return kept
