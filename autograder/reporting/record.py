"""The record of a batch: a notebook that papermill executes, and its HTML page."""

import os
from dataclasses import dataclass
from pathlib import Path

import nbformat
import papermill
from nbconvert import HTMLExporter

from autograder.authoring.masters import Master
from autograder.grading.results import Batch

_STYLE = "<style>.jp-RenderedHTMLCommon :is(td, th) { text-align: left !important }</style>"
# the record escapes what students wrote; this is the second lock, and nothing is fetched
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
)
# nbconvert's own page drops the alternative text of a figure
_FIGURES = """\
{%- extends "lab/index.html.j2" -%}
{% block data_png scoped %}
<div class="jp-RenderedImage jp-OutputArea-output {{ extra_class }}">
<img src="data:image/png;base64,{{ output.data["image/png"] | e }}"
alt="{{ output | get_metadata("alt", "image/png") | e }}">
</div>
{%- endblock data_png %}
"""
TEMPLATE = Path(__file__).with_name("record.md")


@dataclass(frozen=True)
class Record:
    """The files of one record: what it reads, the notebook, the page."""

    data: Path
    notebook: Path
    html: Path


def write_record(batch: Batch, directory: Path) -> Record:
    """Write `<timestamp>-<assignment>.json`, `.ipynb` and `.html` into `directory`.

    The notebook reads the `.json` beside it: an instructor can reopen, change and rerun it.
    """
    directory.mkdir(exist_ok=True)
    stem = f"{batch.started:%Y%m%dT%H%M%S}-{batch.assignment}"
    record = Record(*(directory / f"{stem}{suffix}" for suffix in (".json", ".ipynb", ".html")))
    record.data.write_text(batch.model_dump_json(indent=1), encoding="utf-8")
    template = Master(TEMPLATE, "lesson").build("fr" if batch.lang == "fr" else "en")
    executed = papermill.execute_notebook(
        nbformat.from_dict(template),
        None,
        parameters={"batch_file": record.data.name},
        engine_name="jupyter",
        kernel_name="python3",
        cwd=str(directory),
        progress_bar=False,
    )
    nbformat.write(executed, record.notebook)
    resources = {"metadata": {"name": f"{batch.assignment} · {batch.course}"}}
    page, _ = _exporter(batch.lang).from_notebook_node(executed, resources)
    page = page.replace("<head>", f"<head>{_POLICY}", 1).replace("</head>", f"{_STYLE}</head>", 1)
    record.html.write_text(page, encoding="utf-8")
    os.chmod(record.notebook, 0o600)
    return record


def _exporter(lang: str) -> HTMLExporter:
    return HTMLExporter(
        raw_template=_FIGURES,
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        mathjax_url="",
        require_js_url="",
        language_code=lang,
    )
