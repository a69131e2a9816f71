"""Data sets without a card."""

from planted import Planted, code

PLANTED = {
    "data-card": [
        Planted(
            fault=code("import os\nfrom health_datasets import covid_testing, exam_seed ⟵"),
            near_miss=code("from health_datasets import exam_seed, MISSING_MARKERS, load"),
            says=("'covid_testing' has no card datasets/cards/covid-testing.md",),
        ),
        Planted(
            fault=code("import health_datasets\nhealth_datasets.load('rotterdam') ⟵"),
            near_miss=code("import json\njson.load(open('rotterdam'))"),
            says=("'rotterdam' has no card",),
        ),
    ],
}
