"""Read the YAML files of `course/`: what is faulty is named by file, place and remedy."""

import unicodedata
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from autograder.authoring.translation import Lang
from autograder.errors import EcoleError

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Location = tuple[int | str, ...]
M = TypeVar("M", bound=BaseModel)

_REMEDIES = {
    "missing": "missing; add it",
    "extra_forbidden": "unknown; remove it or correct its name",
    "string_too_short": "empty; write it",
}


class Strict(BaseModel):
    """A part of a course file: nothing but its fields, and never changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Strict):
    """The same words in both languages."""

    fr: Words
    en: Words

    def of(self, lang: Lang) -> str:
        """The words of one language."""
        return self.fr if lang == "fr" else self.en


class _Loader(yaml.SafeLoader):
    """YAML where a key said twice is a fault (PyYAML keeps the last one in silence)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key_node.value!r} is said twice; keep one",
                    problem_mark=key_node.start_mark,
                )
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)


def read_course_file(path: Path, model: type[M], place: Callable[[Any, Location], str]) -> M:
    """Read a YAML file into a model.

    Args:
        place: how a reader calls a location in the data, for instance "week 2, title.en".

    Raises:
        EcoleError: one line for each fault, with the file, the place and what to do.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
        return model.model_validate(data)
    except OSError as error:
        raise EcoleError(
            f"{path}: cannot be read ({error.strerror}); run from a clone of the repository"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise EcoleError(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        faults = [
            f"{place(data, fault['loc'])}: {_REMEDIES.get(fault['type'], fault['msg'])}"
            for fault in error.errors()
        ]
        raise EcoleError(all_faults(path, faults)) from error


def line_of(path: Path, location: Location) -> int:
    """The line, from 1, where a location of a YAML file stands; that of what holds it at least."""
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    line = 1
    for part in location:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == part]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
    return line


def all_faults(path: Path, faults: list[str]) -> str:
    """One message for the faults of a file, a line each."""
    return "\n".join(f"{path}: {fault}" for fault in faults)


def dotted(location: Location) -> str:
    """A location as one would write it: ``objectives.2.en`` (list items are counted from 1)."""
    parts = [str(part + 1) if isinstance(part, int) else part for part in location]
    return ".".join(parts) or "the whole file"


def folded(text: str) -> str:
    """A text without accents, ligatures or capitals, to sort or compare it."""
    expanded = text.casefold().replace("œ", "oe").replace("æ", "ae")
    letters = unicodedata.normalize("NFD", expanded)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
