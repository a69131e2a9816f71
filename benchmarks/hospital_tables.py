"""The cost of each table of one hospital, in this process alone (Linux).

`python -m benchmarks.hospital_tables PATIENTS SEED TEXTS` prints it as JSON; TEXTS is 0 or 1.
"""

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

# read last, and left out of what the target is about
TEXTS = ("reports", "report_entities")
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


def main(patients: int, seed: int, texts: bool) -> dict[str, Any]:
    """Draw a hospital and read its tables in this process.

    Returns:
        `imported` (bytes resident before it), `facts` (seconds), `seconds` and `peak` (bytes)
        without the texts, `tables`: name → `seconds`, `rows`, `bytes` of the frame, `peak`.
    """
    from health_datasets.virtual_hospital import hospital

    imported = _peak()
    began = time.perf_counter()
    group = hospital(patients, seed=seed)
    facts = time.perf_counter() - began
    names = [name for name in group.tables if name not in TEXTS]
    tables: dict[str, dict[str, float]] = {}
    run: dict[str, Any] = {"imported": imported, "facts": facts, "tables": tables}
    run["seconds"] = facts
    for name in [*names, *(name for name in group.tables if texts and name in TEXTS)]:
        start = time.perf_counter()
        frame = group.tables[name]
        took = time.perf_counter() - start
        if name not in TEXTS:
            run["seconds"] += took
            run["peak"] = _peak()
        tables[name] = {
            "seconds": took,
            "rows": len(frame),
            "bytes": int(frame.memory_usage(deep=True).sum()),
            "peak": _peak(),
        }
    return run


def _peak() -> int:
    """The largest resident size of this process since it began, in bytes."""
    found = _PEAK.search(Path("/proc/self/status").read_text(encoding="ascii"))
    if found is None:
        raise RuntimeError("the kernel does not tell VmHWM: these measures need Linux")
    return 1024 * int(found[1])


if __name__ == "__main__":
    size, number, with_texts = map(int, sys.argv[1:4])
    print(json.dumps(main(size, number, bool(with_texts))))
