"""Which resource each row of the hospital's tables becomes, in FHIR R4.

Each function takes the tables and yields lines of JSON, in portions. Codes: CIM-10 (French
PMSI), CCAM and ATC under the addresses of the French multi-terminology server (SMT), LOINC,
UCUM, HL7's own lists. What has no code of a public list is text.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.cases import CODES, UNITS
from health_datasets.virtual_hospital.export import fhir_json as js
from health_datasets.virtual_hospital.export.fhir_json import concept, dumped, fixed
from health_datasets.virtual_hospital.export.texts import Texts
from health_datasets.virtual_hospital.sites import SITES

Tables = Mapping[str, pd.DataFrame]
Lines = Iterator[list[str]]
PORTION: Final = 100_000
THO: Final = "http://terminology.hl7.org/CodeSystem"
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
CIM10 = "https://smt.esante.gouv.fr/terminologie-cim-10"
CCAM = "https://smt.esante.gouv.fr/terminologie-ccam"
ATC = "https://smt.esante.gouv.fr/terminologie-atc"
# HL7 France, FR Core 2.2: system and type of the demonstration INS, never of a real one
INS_DEMO = "urn:oid:1.2.250.1.213.1.4.11"
FR_CORE = "https://hl7.fr/ig/fhir/core"
COMMUNE = "https://mos.esante.gouv.fr/NOS/TRE_R13-CommuneOM/FHIR/TRE-R13-CommuneOM"
# the hospital's own numbering; `.example` is reserved and belongs to nobody (RFC 2606)
OWN = "https://hopital.example"
UCUM_CODES: Final = {
    "µmol/L": "umol/L", "µg/L": "ug/L", "G/L": "10*9/L", "T/L": "10*12/L", "mUI/L": "m[IU]/L",
    "UI/L": "[IU]/L", "UI": "[IU]", "µg": "ug", "mg/m²": "mg/m2", "pH": "[pH]", "mmHg": "mm[Hg]",
    "°C": "Cel", "beats/min": "/min",
}  # fmt: skip
# column of vitals, LOINC code and English name (FHIR R4 vital signs; 3151-8 oxygen flow)
VITAL_SIGNS: Final = (
    ("heart_rate", "8867-4", "Heart rate", "/min"),
    ("respiratory_rate", "9279-1", "Respiratory rate", "/min"),
    ("spo2", "2708-6", "Oxygen saturation in Arterial blood", "%"),
    ("temperature", "8310-5", "Body temperature", "°C"),
    ("oxygen", "3151-8", "Inhaled oxygen flow rate", "L/min"),
)
PRESSURES: Final = (
    ("systolic", "8480-6", "Systolic blood pressure"),
    ("diastolic", "8462-4", "Diastolic blood pressure"),
)


def _portions(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, len(frame), PORTION):
        yield frame.iloc[start : start + PORTION].reset_index(drop=True)


def _code(text: str, *codings: tuple[str, str, str]) -> str:
    return dumped(concept(text, *codings))


def _category(system: str, code: str) -> str:
    return fixed("category", [concept("", (f"{THO}/{system}", code, ""))])


def _quantity(name: str, values: pd.Series, units: pd.Series | str) -> Texts:
    """Return the piece of a Quantity, nothing where the value is absent."""
    if isinstance(units, str):
        units = pd.Series([units] * len(values), dtype="str")
    about = {unit: _unit(str(unit)) for unit in units.dropna().unique()}
    content = '{"value":' + js.decimal(values) + js.mapped(units, about) + "}"
    return js.piece(name, content, values.notna())


def _unit(unit: str) -> str:
    code = UCUM_CODES.get(unit, unit)
    return fixed("unit", unit) + fixed("system", UCUM) + fixed("code", code)


def organizations(tables: Tables) -> Lines:
    sites = pd.Series(sorted(tables["patients"]["site_id"].unique()), dtype="str")
    names = {site.site_id: fixed("name", site.french) for site in SITES}
    kind = concept("", (f"{THO}/organization-type", "prov", "Healthcare Provider"))
    yield js.assemble(
        "Organization", js.identifiers(sites), ',"active":true', fixed("type", [kind]),
        js.mapped(sites, names, fixed("name", "site")),
    )  # fmt: skip


def wards(tables: Tables) -> pd.DataFrame:
    """Return every ward in use: `site_id`, `unit`, `ward`."""
    parts = [tables["movements"][["site_id", "unit"]].astype("str").drop_duplicates()]
    if "staff" in tables:
        parts.append(tables["staff"][["site_id", "unit"]].astype("str").drop_duplicates())
    emergency = pd.DataFrame({"site_id": tables["emergency_visits"]["site_id"].unique()})
    parts.append(emergency.assign(unit="URG"))
    found = pd.concat(parts).drop_duplicates().sort_values(["site_id", "unit"])
    found["ward"] = found["site_id"] + "-" + found["unit"]
    return found.reset_index(drop=True).astype("str")


def locations(tables: Tables) -> Lines:
    ward = wards(tables)
    names = {unit: fixed("name", french) for unit, (french, _) in UNITS.items()}
    yield js.assemble(
        "Location", js.identifiers(ward["ward"]), ',"status":"active"',
        js.mapped(ward["unit"], names, fixed("name", "Service d'accueil des urgences")),
        fixed("physicalType", concept("", (f"{THO}/location-physical-type", "wa", "Ward"))),
        js.reference("managingOrganization", "Organization", ward["site_id"]),
    )  # fmt: skip
    beds = tables["movements"][["site_id", "unit", "bed"]].astype("str").drop_duplicates("bed")
    for bed in _portions(beds.sort_values("bed")):
        yield js.assemble(
            "Location", js.identifiers(bed["bed"]), ',"status":"active"',
            js.piece("name", js.encoded(bed["bed"])),
            fixed("physicalType", concept("", (f"{THO}/location-physical-type", "bd", "Bed"))),
            js.reference("managingOrganization", "Organization", bed["site_id"]),
            js.reference("partOf", "Location", bed["site_id"] + "-" + bed["unit"]),
        )  # fmt: skip


def practitioners(tables: Tables) -> Lines:
    for staff in _portions(tables["staff"]):
        given = '[{"family":' + js.encoded(staff["last_name"]) + ',"given":['
        yield js.assemble(
            "Practitioner", js.identifiers(staff["staff_id"]), ',"active":true',
            js.piece("name", given + js.encoded(staff["first_name"]) + "]}]"),
            js.piece("qualification", '[{"code":{"text":' + js.encoded(staff["role"]) + "}}]"),
        )  # fmt: skip


def patients(tables: Tables) -> Lines:
    """Patient: hospital number (PI) and demonstration INS (INS-NIR-DEMO), birth and used names."""
    own = concept("", (f"{THO}/v2-0203", "PI", "Patient internal identifier"))
    ins = concept("", (f"{FR_CORE}/CodeSystem/fr-core-cs-v2-0203", "INS-NIR-DEMO", "NIR DEMO"))
    for one in _portions(tables["patients"]):
        number = (
            f'[{{"use":"usual","type":{dumped(own)},"system":"{OWN}/ipp","value":'
            + js.encoded(one["patient_id"])
            + f'}},{{"use":"official","type":{dumped(ins)},"system":"{INS_DEMO}","value":'
            + js.encoded(one["nir"])
            + "}]"
        )
        yield js.assemble(
            "Patient", js.identifiers(one["patient_id"]), _birth_place(one),
            js.piece("identifier", number), ',"active":true', js.piece("name", _names(one)),
            js.mapped(one["sex"], {"F": ',"gender":"female"', "M": ',"gender":"male"'}),
            js.day_piece("birthDate", one["birth_date"]),
            js.day_piece("deceasedDateTime", one["death_date"]),
            js.reference("managingOrganization", "Organization", one["site_id"]),
        )  # fmt: skip


def _birth_place(one: pd.DataFrame) -> Texts:
    head = (
        '[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueAddress":'
        f'{{"extension":[{{"url":"{FR_CORE}/StructureDefinition/fr-core-address-insee-code",'
        f'"valueCoding":{{"system":"{COMMUNE}","code":'
    )
    known = one["birth_place_code"].notna()
    return js.piece("extension", head + js.encoded(one["birth_place_code"]) + "}}]}}]", known)


def _names(one: pd.DataFrame) -> Texts:
    listed = (
        f'[{{"extension":[{{"url":"{FR_CORE}/StructureDefinition/'
        'fr-core-patient-birth-list-given-name","valueString":'
    )
    official = listed + js.encoded(one["first_names"]) + '}],"use":"official","family":'
    first = js.encoded(one["first_name"])
    official = official + js.encoded(one["birth_name"]) + ',"given":[' + first + "]}"
    usual = ',{"use":"usual","family":' + js.encoded(one["used_name"]) + ',"given":[' + first
    return np.asarray(official + usual + "]}]")


_ADMISSIONS: Final = {
    # PMSI entry mode, provenance: code of HL7's admit-source
    ("7", ""): ("hosp-trans", "transfert"),
    ("N", ""): ("born", "naissance"),
    ("8", "5"): ("emd", "domicile, par les urgences"),
    ("8", "7"): ("nursing", "structure d'hébergement médicosociale"),
    ("8", ""): ("other", "domicile"),
    ("6", ""): ("", "mutation"),
}
_DISCHARGES: Final = {
    # PMSI exit mode, destination: code of HL7's discharge-disposition
    ("9", ""): ("exp", "décès"),
    ("7", "2"): ("rehab", "transfert en soins médicaux et de réadaptation"),
    ("7", ""): ("other-hcf", "transfert"),
    ("8", "7"): ("long", "structure d'hébergement médicosociale"),
    ("8", ""): ("home", "domicile"),
    ("6", ""): ("", "mutation"),
}


def _hospitalization(one: pd.DataFrame) -> Texts:
    source = _by_modes(one["entry_mode"], one["provenance"], _ADMISSIONS, "admit-source")
    disposition = "discharge-disposition"
    out = _by_modes(one["exit_mode"], one["destination"], _DISCHARGES, disposition)
    content = '"admitSource":' + source + ',"dischargeDisposition":' + out
    return np.asarray(',"hospitalization":{' + content + "}")


def _by_modes(
    mode: pd.Series, other: pd.Series, known: Mapping[tuple[str, str], tuple[str, str]], name: str
) -> Texts:
    both = mode.astype("str").fillna("") + "/" + other.astype("str").fillna("")
    concepts = {}
    for value in both.unique():
        first, second = value.split("/")
        code, text = known.get((first, second), known.get((first, ""), ("", f"mode {first}")))
        codings = [(f"{THO}/{name}", code, "")] if code else []
        concepts[value] = _code(text, *codings)
    return js.mapped(both, concepts)


_DAY_UNITS: Final = ("UCA", "HDJ")


def _class(code: str, display: str) -> str:
    return fixed("class", {"system": f"{THO}/v3-ActCode", "code": code, "display": display})


INPATIENT, AMBULATORY = _class("IMP", "inpatient encounter"), _class("AMB", "ambulatory")


def _stay_class(unit: pd.Series) -> Texts:
    day = unit.astype("str").isin(_DAY_UNITS).to_numpy()
    return np.where(day, AMBULATORY, INPATIENT).astype(object)


def stay_encounters(tables: Tables) -> Lines:
    """Encounter of each stay."""
    for one in _portions(tables["stays"]):
        number = f'[{{"system":"{OWN}/nda","value":' + js.encoded(one["stay_id"]) + "}]"
        yield js.assemble(
            "Encounter", js.identifiers(one["stay_id"]), js.piece("identifier", number),
            ',"status":"finished"', _stay_class(one["first_unit"]),
            js.reference("subject", "Patient", one["patient_id"]),
            js.period(one["entry_at"], one["exit_at"]), _hospitalization(one),
            js.reference("serviceProvider", "Organization", one["site_id"]),
        )  # fmt: skip


def unit_encounters(tables: Tables) -> Lines:
    """Encounter of each medical unit (RUM), part of its stay, with its diagnoses and beds."""
    about = tables["stays"].set_index("stay_id")[["patient_id", "site_id"]]
    index = pd.Index(tables["rum"]["rum_id"])
    diagnoses = js.joined(
        _roles(tables["diagnoses"]), index.get_indexer(tables["diagnoses"]["rum_id"]), len(index)
    )
    moves = tables["movements"]
    beds = np.asarray(
        js.reference("location", "Location", moves["bed"])
        + js.period(moves["from_at"], moves["to_at"])
    )
    beds = np.array(["{" + bed[1:] + "}" for bed in beds], dtype=object)
    location = js.joined(beds, index.get_indexer(moves["rum_id"]), len(index))
    rum = tables["rum"].assign(
        diagnoses=pd.Series(diagnoses, dtype="str"), location=pd.Series(location, dtype="str")
    )
    for one in _portions(rum):
        stay = about.loc[one["stay_id"]].reset_index(drop=True)
        yield js.assemble(
            "Encounter", js.identifiers(one["rum_id"]), ',"status":"finished"',
            _stay_class(one["unit"]), js.reference("subject", "Patient", stay["patient_id"]),
            js.period(one["entry_at"], one["exit_at"]),
            _listed("diagnosis", one["diagnoses"]), _hospitalization(one),
            _listed("location", one["location"]),
            js.reference("serviceProvider", "Organization", stay["site_id"]),
            js.reference("partOf", "Encounter", one["stay_id"]),
        )  # fmt: skip


def _listed(name: str, values: pd.Series) -> Texts:
    content = "[" + values.to_numpy(dtype=object) + "]"
    return js.piece(name, np.asarray(content, dtype=object), values != "")


def _condition_ids(diagnoses: pd.DataFrame) -> pd.Series:
    rank = diagnoses.groupby("rum_id", sort=False).cumcount() + 1
    return diagnoses["rum_id"] + "-D" + rank.astype("str")


def _roles(diagnoses: pd.DataFrame) -> Texts:
    """Return Encounter.diagnosis of each diagnosis: its Condition and its role in the PMSI."""
    pointers = js.reference("condition", "Condition", _condition_ids(diagnoses))
    role = {name: fixed("use", {"text": name}) for name in ("DP", "DR", "DAS")}
    role["DP"] += ',"rank":1'
    pieces = pointers + js.mapped(diagnoses["role"], role)
    return np.array(["{" + text[1:] + "}" for text in pieces], dtype=object)


def emergency_encounters(tables: Tables) -> Lines:
    """Encounter of each emergency visit."""
    kind = _class("EMER", "emergency")
    scale = f"{OWN}/french-triage"
    for one in _portions(tables["emergency_visits"]):
        levels = {
            level: fixed("priority", concept(f"tri {level}", (scale, str(level), "")))
            for level in one["triage"].dropna().unique()
        }
        ward = '[{"location":{"reference":"Location/' + js.identifiers(one["site_id"]) + '-URG"}}]'
        yield js.assemble(
            "Encounter", js.identifiers(one["visit_id"]), ',"status":"finished"', kind,
            js.mapped(one["triage"], levels),
            js.reference("subject", "Patient", one["patient_id"]),
            js.period(one["arrival_at"], one["exit_at"]), js.piece("location", ward),
            js.reference("serviceProvider", "Organization", one["site_id"]),
        )  # fmt: skip


def _cim10(codes: pd.Series) -> Texts:
    concepts = {}
    for code in codes.dropna().unique():
        label = CODES.get(str(code), ("", ""))[0]
        concepts[code] = _code(label, (CIM10, str(code), label))
    return js.mapped(codes, concepts)


_CONFIRMED: Final = fixed(
    "verificationStatus", concept("", (f"{THO}/condition-ver-status", "confirmed", ""))
)


def conditions(tables: Tables) -> Lines:
    """Condition of each coded diagnosis of a medical unit and of each emergency visit."""
    about = tables["stays"].set_index("stay_id")["patient_id"]
    category = _category("condition-category", "encounter-diagnosis")
    ends = tables["rum"].set_index("rum_id")["exit_at"]
    listed = tables["diagnoses"].assign(condition=_condition_ids(tables["diagnoses"]))
    for one in _portions(listed):
        patient = about.loc[one["stay_id"]].reset_index(drop=True)
        yield js.assemble(
            "Condition", js.identifiers(one["condition"]), _CONFIRMED, category,
            js.piece("code", _cim10(one["code"])), js.reference("subject", "Patient", patient),
            js.reference("encounter", "Encounter", one["rum_id"]),
            js.moment_piece("recordedDate", ends.loc[one["rum_id"]].reset_index(drop=True)),
        )  # fmt: skip
    visits = tables["emergency_visits"]
    for one in _portions(visits[visits["dp"].notna()]):
        yield js.assemble(
            "Condition", js.identifiers(one["visit_id"] + "-DP"), _CONFIRMED, category,
            js.piece("code", _cim10(one["dp"])),
            js.reference("subject", "Patient", one["patient_id"]),
            js.reference("encounter", "Encounter", one["visit_id"]),
            js.moment_piece("recordedDate", one["exit_at"]),
        )  # fmt: skip


def laboratory(tables: Tables) -> Lines:
    """Observation of each laboratory result."""
    category = _category("observation-category", "laboratory")
    flags = {
        flag: fixed(
            "interpretation", [concept("", (f"{THO}/v3-ObservationInterpretation", flag, ""))]
        )
        for flag in ("N", "L", "H")
    }
    for one in _portions(tables["laboratory"]):
        labels = one[["loinc", "label"]].drop_duplicates("loinc")
        codes = {
            code: _code(label, (LOINC, code, ""))
            for code, label in zip(labels["loinc"], labels["label"], strict=True)
        }
        low, high = (_quantity(end, _finite(one[end]), one["unit"]) for end in ("low", "high"))
        ends = [text[1:] for text in low + high]
        interval = np.array(
            [f',"referenceRange":[{{{end}}}]' if end else "" for end in ends], object
        )
        yield js.assemble(
            "Observation", js.identifiers(one["result_id"], "L"), ',"status":"final"', category,
            js.piece("code", js.mapped(one["loinc"], codes)),
            js.reference("subject", "Patient", one["patient_id"]), _encounter(one),
            js.moment_piece("effectiveDateTime", one["sampled_at"]),
            js.moment_piece("issued", one["resulted_at"]),
            _quantity("valueQuantity", _finite(one["value"]), one["unit"]),
            js.mapped(one["flag"], flags), interval,
        )  # fmt: skip


def _finite(values: pd.Series) -> pd.Series:
    return values.where(np.isfinite(values.astype("float64")))


def _encounter(one: pd.DataFrame) -> Texts:
    """Return the encounter of a stay; of the emergency visit where there is no stay."""
    stay = js.reference("encounter", "Encounter", one["stay_id"])
    if "visit_id" not in one:
        return stay
    visit = js.reference("encounter", "Encounter", one["visit_id"])
    return np.where(one["stay_id"].notna(), stay, visit)


def laboratory_reports(tables: Tables) -> Lines:
    """DiagnosticReport of each draw: the results that were sampled together."""
    results = tables["laboratory"]
    group, orders = pd.factorize(results["order_id"])
    pointers = '{"reference":"Observation/' + js.identifiers(results["result_id"], "L") + '"}'
    members = js.joined(np.asarray(pointers), group, len(orders))
    first = results.drop_duplicates("order_id").assign(members=pd.Series(members).to_numpy())
    issued = results.groupby("order_id", sort=False)["resulted_at"].max()
    for one in _portions(first.assign(issued=issued.to_numpy())):
        yield js.assemble(
            "DiagnosticReport", js.identifiers(one["order_id"], "B"), ',"status":"final"',
            fixed("category", [concept("", (f"{THO}/v2-0074", "LAB", "Laboratory"))]),
            fixed("code", concept("Bilan biologique", (LOINC, "11502-2", "Laboratory report"))),
            js.reference("subject", "Patient", one["patient_id"]), _encounter(one),
            js.moment_piece("effectiveDateTime", one["sampled_at"]),
            js.moment_piece("issued", one["issued"]),
            _listed("result", one["members"]),
        )  # fmt: skip


def vitals(tables: Tables) -> Lines:
    """Observations of each set of vital signs: one a sign, systolic and diastolic together."""
    category = _category("observation-category", "vital-signs")
    for one in _portions(tables["vitals"]):
        common = (
            js.reference("subject", "Patient", one["patient_id"]) + _encounter(one)
            + js.moment_piece("effectiveDateTime", one["measured_at"])
        )  # fmt: skip
        for column, code, english, unit in VITAL_SIGNS:
            known = one[column].notna().to_numpy()
            if not known.any():
                continue
            some = one[known].reset_index(drop=True)
            yield js.assemble(
                "Observation", js.identifiers(some["vital_id"], f"V-{column.replace('_', '')}-"),
                ',"status":"final"', category,
                fixed("code", concept("", (LOINC, code, english))), common[known],
                _quantity("valueQuantity", some[column], unit),
            )  # fmt: skip
        known = (one["systolic"].notna() & one["diastolic"].notna()).to_numpy()
        some = one[known].reset_index(drop=True)
        yield js.assemble(
            "Observation", js.identifiers(some["vital_id"], "V-bp-"), ',"status":"final"',
            category, fixed("code", concept("", (LOINC, "85354-9", "Blood pressure panel"))),
            common[known], js.piece("component", "[" + _pressures(some) + "]"),
        )  # fmt: skip


def _pressures(some: pd.DataFrame) -> Texts:
    parts = [
        '{"code":'
        + _code("", (LOINC, code, name))
        + _quantity("valueQuantity", some[column], "mmHg")
        for column, code, name in PRESSURES
    ]
    return np.asarray(parts[0] + "}," + parts[1] + "}")


def _coded(one: pd.DataFrame, code: str, label: str, system: str) -> Texts:
    pairs = one[[code, label]].drop_duplicates(code)
    concepts = {
        value: _code(str(name), (system, str(value), ""))
        for value, name in zip(pairs[code], pairs[label], strict=True)
    }
    return js.mapped(one[code], concepts)


def procedures(tables: Tables) -> Lines:
    """Procedure of each act (CCAM)."""
    for one in _portions(tables["procedures"]):
        yield js.assemble(
            "Procedure", js.identifiers(one["procedure_id"], "A"), ',"status":"completed"',
            js.piece("code", _coded(one, "ccam", "label", CCAM)),
            js.reference("subject", "Patient", one["patient_id"]),
            js.reference("encounter", "Encounter", one["rum_id"]),
            js.moment_piece("performedDateTime", one["performed_at"]),
        )  # fmt: skip


def prescriptions(tables: Tables) -> Lines:
    """MedicationRequest of each prescription (ATC), with dose, route and bounds."""
    for one in _portions(tables["prescriptions"]):
        bounds = '{"repeat":{"boundsPeriod":' + js.period(one["start_at"], one["end_at"], "") + "}}"
        dose = _quantity("doseQuantity", one["dose"], one["unit"])
        given = np.array([f',"doseAndRate":[{{{d[1:]}}}]' if d else "" for d in dose], object)
        route = ',"route":{"text":' + js.encoded(one["route"]) + "}"
        yield js.assemble(
            "MedicationRequest", js.identifiers(one["prescription_id"], "R"),
            ',"status":"completed","intent":"order"',
            js.piece("medicationCodeableConcept", _coded(one, "atc", "drug", ATC)),
            js.reference("subject", "Patient", one["patient_id"]), _encounter(one),
            js.moment_piece("authoredOn", one["start_at"]),
            js.piece("dosageInstruction", '[{"timing":' + bounds + route + given + "}]"),
        )  # fmt: skip


def reports(tables: Tables) -> Lines:
    """DocumentReference of each report, its text inside (base64, UTF-8)."""
    for one in _portions(tables["reports"]):
        data = [base64.b64encode(text.encode("utf-8")).decode("ascii") for text in one["text"]]
        head = '[{"attachment":{"contentType":"text/plain; charset=utf-8","language":"fr","data":"'
        inside = np.array([f'{head}{text}"}}}}]' for text in data], dtype=object)
        stay = '{"encounter":[{"reference":"Encounter/' + js.identifiers(one["stay_id"]) + '"}]}'
        yield js.assemble(
            "DocumentReference", js.identifiers(one["report_id"]), ',"status":"current"',
            js.piece("type", '{"text":' + js.encoded(one["kind"]) + "}"),
            js.reference("subject", "Patient", one["patient_id"]),
            js.moment_piece("date", one["written_at"]),
            js.piece("content", inside), js.piece("context", stay, one["stay_id"].notna()),
        )  # fmt: skip


CORE: Final = ("patients", "stays", "rum", "diagnoses", "movements", "emergency_visits")
# resource type: what makes it, and the tables that it needs
BUILDERS: Final[tuple[tuple[str, Callable[[Tables], Lines], tuple[str, ...]], ...]] = (
    ("Organization", organizations, ("patients",)),
    ("Location", locations, ("movements", "emergency_visits", "staff")),
    ("Practitioner", practitioners, ("staff",)),
    ("Patient", patients, ("patients",)),
    ("Encounter", stay_encounters, ("stays",)),
    ("Encounter", unit_encounters, ("stays", "rum", "diagnoses", "movements")),
    ("Encounter", emergency_encounters, ("emergency_visits",)),
    ("Condition", conditions, ("stays", "rum", "diagnoses", "emergency_visits")),
    ("Observation", laboratory, ("laboratory",)),
    ("Observation", vitals, ("vitals",)),
    ("DiagnosticReport", laboratory_reports, ("laboratory",)),
    ("Procedure", procedures, ("procedures",)),
    ("MedicationRequest", prescriptions, ("prescriptions",)),
    ("DocumentReference", reports, ("reports",)),
)
