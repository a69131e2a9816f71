"""How French reports name things: diagnoses by CIM-10 code, signs, drugs by ATC code.

A form is written `words:gender`, gender `m`, `f`, `mp` or `fp`; forms after `|` are kept for
the unseen templates. Codes are those of `cases.CODES`, and a few more (ATIH table that
`edsnlp` 0.23 ships) for what reports deny, suspect or recall; ATC codes come from the same
package's list of drugs.
"""

import re
from dataclasses import dataclass
from typing import Final

VOWELS: Final = "aeiouyéèêëàâîïôûùœ"
# an aspirated h takes no elision
_ASPIRATED: Final = ("hernie", "hanche", "hoquet", "hématome sous")
_ROMAN: Final = {"II", "III", "IV"}


@dataclass(frozen=True)
class Form:
    """One way to write a term.

    Attributes:
        text: the words, without article.
        gender: `m`, `f`, `mp` or `fp`.
        abbreviated: whether it holds an abbreviation, such as HTA.
    """

    text: str
    gender: str
    abbreviated: bool

    @property
    def elided(self) -> bool:
        """Whether `de` and `le` lose their vowel before it."""
        first = self.text[0].lower()
        return (first in VOWELS or first == "h") and not self.text.startswith(_ASPIRATED)

    def preceded(self, article: str) -> str:
        """Return what stands before it: `un`, `dun` (d'un), `le`, `de` …."""
        plural, feminine = self.gender.endswith("p"), self.gender.startswith("f")
        if article == "de":
            return "d'" if self.elided else "de "
        if article == "dun":
            if plural:
                return "d'" if self.elided else "de "
            return "d'une " if feminine else "d'un "
        if article == "un":
            return "des " if plural else "une " if feminine else "un "
        if article == "aucun":
            if plural:
                return "pas d'" if self.elided else "pas de "
            return "aucune " if feminine else "aucun "
        if plural:
            return {"le": "les ", "du": "des ", "au": "aux "}[article]
        if self.elided:
            return {"le": "l'", "du": "de l'", "au": "à l'"}[article]
        if feminine:
            return {"le": "la ", "du": "de la ", "au": "à la "}[article]
        return {"le": "le ", "du": "du ", "au": "au "}[article]


@dataclass(frozen=True)
class Term:
    """What an entity stands for.

    Attributes:
        key: its name in the column `concept`.
        kind: the kind of entity.
        code: CIM-10 or ATC code, or an empty text.
        forms, unseen: ways to write it; those of `unseen` only in the unseen templates.
    """

    key: str
    kind: str
    code: str
    forms: tuple[Form, ...]
    unseen: tuple[Form, ...] = ()


def is_abbreviated(text: str) -> bool:
    """Tell whether a text holds an abbreviation: two capitals or more in a word."""
    words = re.findall(r"[A-Za-zÀ-ÿ0-9]+", text)
    return any(
        len(word) >= 2 and word.upper() == word and word[0].isalpha() and word not in _ROMAN
        for word in words
    )


def _forms(text: str) -> tuple[Form, ...]:
    pairs = [one.strip().rsplit(":", 1) for one in text.split(",") if one.strip()]
    return tuple(Form(words, gender, is_abbreviated(words)) for words, gender in pairs)


def _term(key: str, kind: str, code: str, text: str) -> Term:
    seen, _, unseen = text.partition("|")
    return Term(key, kind, code, _forms(seen), _forms(unseen))


def _kind(code: str) -> str:
    return {"R": "symptom", "Z": "situation", "B": "organism"}.get(code[0], "disease")


DIAGNOSES: Final[dict[str, str]] = {
    "A04.7": "colite à Clostridium difficile:f, infection à Clostridium difficile:f",
    "A08.0": "gastroentérite à rotavirus:f, GEA à rotavirus:f",
    "A09.0": "gastroentérite aiguë:f, GEA:f | gastroentérite infectieuse:f",
    "A41.5": "sepsis à bacille Gram négatif:m, sepsis à BGN:m | septicémie à BGN:f",
    "A41.9": "sepsis:m | état septique:m",
    "A46": "érysipèle:m | dermohypodermite streptococcique:f",
    "B95.6": "staphylocoque doré:m, SAMS:m, S. aureus:m",
    "B96.2": "E. coli:m, Escherichia coli:m | colibacille:m",
    "C18.2": "cancer du côlon ascendant:m, adénocarcinome du côlon droit:m"
    " | néoplasie colique droite:f",
    "C18.7": "cancer du sigmoïde:m, adénocarcinome sigmoïdien:m | néoplasie sigmoïdienne:f",
    "C34.9": "cancer bronchique:m, cancer du poumon:m, CBNPC:m | néoplasie bronchique:f",
    "C50.9": "cancer du sein:m, néoplasie mammaire:f | carcinome mammaire:m",
    "C61": "cancer de la prostate:m, adénocarcinome prostatique:m | néoplasie prostatique:f",
    "C78.7": "métastases hépatiques:fp, localisations secondaires hépatiques:fp",
    "D12.6": "adénome colique:m, polype adénomateux du côlon:m",
    "D50.0": "anémie ferriprive:f, anémie par carence martiale:f"
    " | anémie par spoliation chronique:f",
    "D62": "anémie aiguë post-hémorragique:f, anémie aiguë par saignement:f | déglobulisation:f",
    "D63.0": "anémie d'origine néoplasique:f, anémie liée au cancer:f",
    "D70": "neutropénie:f, agranulocytose:f",
    "E10.1": "acidocétose diabétique sur DT1:f, acidocétose sur diabète de type 1:f",
    "E11.10": "acidocétose sur diabète de type 2:f, acidocétose sur DT2 insuliné:f",
    "E11.68": "déséquilibre d'un diabète de type 2:m, DT2 déséquilibré:m",
    "E11.98": "diabète de type 2:m, DT2:m, DNID:m | diabète sucré de type 2:m",
    "E16.2": "hypoglycémie:f | hypoglycémie capillaire:f",
    "E44.0": "dénutrition modérée:f, dénutrition:f | dénutrition protéino-énergétique:f",
    "E86": "déshydratation:f, hypovolémie:f | déshydratation extracellulaire:f",
    "E87.58": "hyperkaliémie:f, hyperK:f | élévation de la kaliémie:f",
    "F03": "démence:f, syndrome démentiel:m | troubles neurocognitifs majeurs:mp",
    "F05.9": "syndrome confusionnel:m, confusion aiguë:f | delirium:m",
    "F10.2": "éthylisme chronique:m, OH chronique:m, alcoolodépendance:f | dépendance à l'alcool:f",
    "F17.2": "tabagisme actif:m, tabac actif:m | dépendance tabagique:f",
    "F32.9": "épisode dépressif:m, syndrome dépressif:m, EDC:m | état dépressif:m",
    "G40.3": "épilepsie généralisée idiopathique:f, EGI:f",
    "G40.9": "épilepsie:f, comitialité:f | maladie épileptique:f",
    "G41.9": "état de mal épileptique:m, EME:m",
    "G81.9": "hémiplégie:f | déficit hémicorporel:m",
    "H25.1": "cataracte nucléaire:f, cataracte sénile:f | opacification nucléaire du cristallin:f",
    "H40.9": "glaucome:m, glaucome chronique:m",
    "I10": "hypertension artérielle:f, HTA:f, HTA:f | hypertension essentielle:f",
    "I21.00": "infarctus antérieur:m, IDM antérieur:m, SCA ST+ antérieur:m | STEMI antérieur:m",
    "I21.10": "infarctus inférieur:m, IDM inférieur:m, SCA ST+ inférieur:m | STEMI inférieur:m",
    "I21.40": "SCA ST-:m, infarctus sans sus-décalage du ST:m, SCA non ST+:m | NSTEMI:m",
    "I25.1": "cardiopathie ischémique:f, coronaropathie:f | maladie coronaire:f",
    "I26.0": "embolie pulmonaire avec coeur pulmonaire aigu:f, EP avec CPA:f",
    "I26.9": "embolie pulmonaire:f, EP:f, EP:f | maladie thrombo-embolique pulmonaire:f",
    "I48.0": "FA paroxystique:f, fibrillation auriculaire paroxystique:f",
    "I48.1": "FA persistante:f, fibrillation auriculaire persistante:f",
    "I48.9": "fibrillation auriculaire:f, FA:f, ACFA:f | fibrillation atriale:f",
    "I50.09": "insuffisance cardiaque globale:f, décompensation cardiaque globale:f, IC globale:f",
    "I50.19": "insuffisance ventriculaire gauche:f, décompensation cardiaque gauche:f, IVG:f"
    ", OAP:m",
    "I50.9": "insuffisance cardiaque:f, IC:f | défaillance cardiaque:f",
    "I63.3": "infarctus cérébral athérothrombotique:m, AVC ischémique athérothrombotique:m",
    "I63.4": "infarctus cérébral cardio-embolique:m, AVC ischémique cardio-embolique:m",
    "I63.9": "infarctus cérébral:m, AVC ischémique:m, AIC:m | accident ischémique constitué:m",
    "I80.2": "thrombose veineuse profonde:f, TVP:f, phlébite:f | phlébite profonde:f",
    "I95.1": "hypotension orthostatique:f, hypoTA orthostatique:f",
    "J13": "pneumopathie à pneumocoque:f, pneumonie à pneumocoque:f",
    "J15.9": "pneumopathie bactérienne:f, pneumonie bactérienne:f",
    "J18.1": "pneumopathie lobaire:f, PFLA:f | pneumonie lobaire:f",
    "J18.9": "pneumopathie:f, pneumopathie infectieuse:f, PAC:f | pneumonie communautaire:f",
    "J21.0": "bronchiolite à VRS:f, bronchiolite aiguë à VRS:f",
    "J21.9": "bronchiolite:f, bronchiolite aiguë:f",
    "J44.0": "exacerbation infectieuse de BPCO:f, surinfection de BPCO:f, EABPCO infectieuse:f",
    "J44.1": "exacerbation de BPCO:f, EABPCO:f, décompensation de BPCO:f | poussée de BPCO:f",
    "J44.9": "BPCO:f, bronchopneumopathie chronique obstructive:f"
    " | bronchite chronique obstructive:f",
    "J45.9": "crise d'asthme:f, exacerbation d'asthme:f",
    "J46": "asthme aigu grave:m, AAG:m | état de mal asthmatique:m",
    "J69.0": "pneumopathie d'inhalation:f, inhalation bronchique:f",
    "J90": "épanchement pleural:m, pleurésie:f | épanchement liquidien pleural:m",
    "J96.00": "insuffisance respiratoire aiguë hypoxémiante:f, IRespA:f, "
    "détresse respiratoire aiguë:f, DRA:f",
    "J96.1": "insuffisance respiratoire chronique:f, IRespC:f",
    "K25.4": "ulcère gastrique hémorragique:m, UG hémorragique:m",
    "K35.2": "péritonite appendiculaire:f, appendicite compliquée de péritonite:f",
    "K35.8": "appendicite aiguë:f, appendicite:f",
    "K56.7": "iléus:m, iléus réflexe:m",
    "K57.3": "diverticulose colique:f, diverticules coliques:mp",
    "K63.5": "polype du côlon:m, polype colique:m",
    "K80.0": "cholécystite aiguë lithiasique:f, cholécystite lithiasique:f",
    "K81.0": "cholécystite aiguë:f, cholécystite:f",
    "K92.1": "méléna:m, mélaena:m",
    "K92.2": "hémorragie digestive:f, HD:f | saignement digestif:m",
    "L03.1": "dermohypodermite de jambe:f, DHBNN:f, cellulite infectieuse de jambe:f",
    "L89.1": "escarre de stade II:f, escarre sacrée stade II:f",
    "M17.0": "gonarthrose bilatérale:f",
    "M17.1": "gonarthrose:f, gonarthrose évoluée:f | arthrose du genou:f",
    "M81.9": "ostéoporose:f | ostéoporose fracturaire:f",
    "N10": "pyélonéphrite aiguë:f, PNA:f | pyélonéphrite:f",
    "N17.0": "nécrose tubulaire aiguë:f, NTA:f",
    "N17.9": "insuffisance rénale aiguë:f, IRA:f | agression rénale aiguë:f",
    "N18.9": "insuffisance rénale chronique:f, IRC:f, MRC:f | maladie rénale chronique:f",
    "N39.0": "infection urinaire:f, IU:f | infection des voies urinaires:f",
    "O68.0": "anomalies du RCF:fp, anomalies du rythme cardiaque foetal:fp",
    "O70.0": "déchirure périnéale du 1er degré:f, périnée du 1er degré:m",
    "O72.1": "hémorragie du post-partum:f, HPP:f | hémorragie de la délivrance:f",
    "O80.0": "accouchement voie basse:m, AVB spontané:m | accouchement eutocique:m",
    "O99.0": "anémie de la grossesse:f, anémie gravidique:f",
    "P22.1": "détresse respiratoire transitoire:f, tachypnée transitoire:f, DRT:f",
    "P59.9": "ictère néonatal:m, ictère du nouveau-né:m",
    "P70.4": "hypoglycémie néonatale:f",
    "R00.0": "tachycardie:f",
    "R29.6": "chutes à répétition:fp, chutes répétées:fp | syndrome de chutes:m",
    "R33": "rétention aiguë d'urine:f, RAU:f | rétention urinaire:f",
    "R47.02": "aphasie:f | troubles phasiques:mp",
    "R57.0": "choc cardiogénique:m, état de choc cardiogénique:m",
    "R57.1": "choc hypovolémique:m, état de choc hypovolémique:m",
    "R57.2": "choc septique:m, état de choc septique:m",
    "R63.3": "difficultés alimentaires:fp, difficultés d'alimentation:fp",
    "S01.0": "plaie du cuir chevelu:f, plaie du scalp:f",
    "S06.0": "commotion cérébrale:f, TC avec commotion:m",
    "S42.20": "fracture de l'humérus proximal:f, fracture de l'extrémité supérieure de l'humérus:f",
    "S72.00": "fracture du col du fémur:f, fracture du col fémoral:f, FCF:f"
    " | fracture cervicale vraie:f",
    "S72.10": "fracture pertrochantérienne:f, fracture du massif trochantérien:f",
    "T39.1": "intoxication au paracétamol:f, surdosage en paracétamol:m",
    "T42.4": "intoxication aux benzodiazépines:f, intoxication aux BZD:f",
    "T43.2": "intoxication aux antidépresseurs:f, surdosage en antidépresseurs:m",
    "T81.4": "infection du site opératoire:f, ISO:f | infection post-opératoire:f",
    "Z12.1": "dépistage du cancer colorectal:m, dépistage du CCR:m",
    "Z37.0": "enfant unique vivant:m, naissance d'un enfant vivant:f",
    "Z38.0": "naissance d'un enfant unique:f, naissance unique:f",
    "Z51.1": "séance de chimiothérapie:f, cure de chimiothérapie:f",
    "Z60.20": "isolement à domicile:m, vie seule à domicile:f",
    "Z74.0": "mobilité réduite:f, perte d'autonomie à la marche:f",
    "Z92.1": "anticoagulation au long cours:f, traitement anticoagulant au long cours:m",
}  # fmt: skip

# signs: key, forms
SIGNS: Final[dict[str, str]] = {
    "abdominal_pain": "douleur abdominale:f, douleurs abdominales:fp",
    "adenopathy": "adénopathie:f, ADP:f",
    "agitation": "agitation:f",
    "altered_state": "altération de l'état général:f, AEG:f",
    "anorexia": "anorexie:f",
    "asthenia": "asthénie:f",
    "bleeding": "saignement extériorisé:m, saignement:m",
    "calf_pain": "douleur du mollet:f, douleur de mollet:f",
    "chest_pain": "douleur thoracique:f",
    "chills": "frissons:mp",
    "confusion": "confusion:f, désorientation:f",
    "constipation": "constipation:f",
    "cough": "toux:f",
    "crackles": "crépitants:mp, râles crépitants:mp",
    "cyanosis": "cyanose:f",
    "dehydration_signs": "signe de déshydratation:m, pli cutané:m",
    "diarrhoea": "diarrhée:f",
    "dysuria": "brûlures mictionnelles:fp, SFU:mp, signes fonctionnels urinaires:mp",
    "dyspnoea": "dyspnée:f, gêne respiratoire:f",
    "fever": "fièvre:f, hyperthermie:f",
    "flank_pain": "douleur lombaire:f",
    "guarding": "défense:f, défense abdominale:f",
    "haematemesis": "hématémèse:f",
    "haematuria": "hématurie:f",
    "headache": "céphalées:fp",
    "hepatomegaly": "hépatomégalie:f, HMG:f",
    "jaundice": "ictère:m",
    "jugular_distension": "turgescence jugulaire:f, TSJ:f",
    "leg_oedema": "oedèmes des membres inférieurs:mp, OMI:mp",
    "loss_of_consciousness": "perte de connaissance:f, PC:f",
    "melaena": "méléna:m",
    "mottling": "marbrures:fp",
    "murmur": "souffle:m, souffle cardiaque:m",
    "nausea": "nausées:fp",
    "necrosis": "zone de nécrose:f, nécrose cutanée:f",
    "neck_stiffness": "raideur méningée:f, syndrome méningé:m",
    "deficit": "déficit sensitivo-moteur:m, déficit neurologique:m, signe de localisation:m",
    "orthopnoea": "orthopnée:f",
    "palpitations": "palpitations:fp",
    "purpura": "purpura:m",
    "rash": "éruption cutanée:f, rash:m",
    "rectal_bleeding": "rectorragies:fp",
    "respiratory_distress": "signe de lutte:m, tirage:m",
    "seizure": "crise convulsive:f, convulsion:f",
    "suicidal_ideas": "idées suicidaires:fp, idéation suicidaire:f",
    "syncope": "syncope:f, lipothymie:f",
    "tongue_biting": "morsure de langue:f",
    "urinary_retention": "globe vésical:m, globe urinaire:m",
    "vision": "trouble visuel:m, baisse d'acuité visuelle:f, BAV:f",
    "vomiting": "vomissements:mp",
    "weight_loss": "amaigrissement:m, perte de poids:f",
    "wheeze": "sibilants:mp, sibilances:fp",
}
# the codes that forbid to deny a sign, by their beginning
SIGN_CODES: Final[dict[str, tuple[str, ...]]] = {
    "agitation": ("F05", "F03"),
    "bleeding": ("K92", "K25.4", "D62", "O72", "R57.1", "D50"),
    "calf_pain": ("I80",),
    "chest_pain": ("I21",),
    "confusion": ("F05", "F03"),
    "crackles": ("I50", "J13", "J15", "J18", "J69", "J96", "J44.0"),
    "cyanosis": ("J96",),
    "deficit": ("G81", "I63", "R47"),
    "dehydration_signs": ("E86", "R57.1"),
    "diarrhoea": ("A0",),
    "dysuria": ("N10", "N39"),
    "dyspnoea": ("J96", "I50", "J44", "J46", "J45", "J90", "I26", "R57", "P22"),
    "fever": ("A4", "R57.2", "T81.4", "D70"),
    "haematemesis": ("K92.2", "K25.4"),
    "jaundice": ("P59",),
    "jugular_distension": ("I50", "I26.0", "R57.0"),
    "leg_oedema": ("I50", "I80"),
    "loss_of_consciousness": ("S06", "G40", "G41", "I95"),
    "melaena": ("K92", "K25.4"),
    "mottling": ("R57",),
    "orthopnoea": ("I50",),
    "palpitations": ("I48", "R00"),
    "rectal_bleeding": ("K92", "C18", "D50"),
    "respiratory_distress": ("J96", "P22", "J46"),
    "seizure": ("G40", "G41"),
    "suicidal_ideas": ("F32", "T42", "T43", "T39"),
    "syncope": ("I95", "S06"),
    "urinary_retention": ("R33",),
    "vision": ("H25", "H40"),
    "wheeze": ("J44", "J45", "J46", "J21"),
    "weight_loss": ("E44",),
    "anorexia": ("E44",),
}

# diseases that reports deny, suspect or recall: key, code, forms, beginnings of the codes that
# make them true
RIVALS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "pe": ("I26.9", "embolie pulmonaire:f, EP:f", ("I26", "I80")),
    "dvt": ("I80.2", "thrombose veineuse profonde:f, TVP:f, phlébite:f", ("I80", "I26")),
    "mi": ("I21.9", "infarctus:m, IDM:m, infarctus du myocarde:m", ("I21",)),
    "acs": ("I24.9", "syndrome coronarien aigu:m, SCA:m", ("I21", "I25")),
    "pneumonia": (
        "J18.9",
        "pneumopathie:f, foyer infectieux pulmonaire:m",
        ("J13", "J15", "J18", "J69", "J44.0"),
    ),
    "hf": ("I50.9", "décompensation cardiaque:f, insuffisance cardiaque:f, IC:f", ("I50", "R57.0")),
    "stroke": ("I64", "AVC:m, accident vasculaire cérébral:m", ("I63", "G81", "R47")),
    "tia": ("G45.9", "accident ischémique transitoire:m, AIT:m", ("I63", "G81", "R47")),
    "ich": ("I62.9", "hémorragie intracrânienne:f, saignement intracrânien:m", ("S06",)),
    "meningitis": ("G03.9", "méningite:f", ()),
    "sepsis": ("A41.9", "sepsis:m", ("A41", "R57.2", "T81")),
    "uti": ("N39.0", "infection urinaire:f, IU:f", ("N39", "N10", "A41.5", "B96")),
    "aki": ("N17.9", "insuffisance rénale aiguë:f, IRA:f", ("N17",)),
    "pancreatitis": ("K85.9", "pancréatite aiguë:f, pancréatite:f", ()),
    "occlusion": ("K56.6", "occlusion intestinale:f, syndrome occlusif:m", ("K56",)),
    "appendicitis": ("K35.8", "appendicite:f, appendicite aiguë:f", ("K35",)),
    "cholecystitis": ("K81.0", "cholécystite:f", ("K80", "K81")),
    "cholangitis": ("K83.0", "angiocholite:f", ("K80", "K81", "K83")),
    "peritonitis": ("K65.0", "péritonite:f", ("K65", "K35.2")),
    "endocarditis": ("I33.0", "endocardite:f, EI:f", ()),
    "pneumothorax": ("J93.9", "pneumothorax:m, PNO:m", ()),
    "effusion": ("J90", "épanchement pleural:m, pleurésie:f", ("J90",)),
    "pericarditis": ("I30.9", "péricardite:f", ()),
    "dissection": ("I71.0", "dissection aortique:f", ()),
    "fasciitis": ("M72.6", "fasciite nécrosante:f", ()),
    "osteomyelitis": ("M86.9", "ostéite:f, ostéomyélite:f", ()),
    "preeclampsia": ("O14.9", "prééclampsie:f, pré-éclampsie:f", ()),
    "gestational_diabetes": ("O24.4", "diabète gestationnel:m, DG:m", ("E1", "O24")),
    "neonatal_infection": ("P39.9", "infection néonatale:f, INN:f", ()),
    "heart_malformation": ("Q24.9", "cardiopathie congénitale:f", ()),
    "cirrhosis": ("K74.6", "cirrhose:f", ()),
    "varices": ("I85.9", "varices oesophagiennes:fp, VO:fp", ()),
    "cancer": ("C80.9", "néoplasie sous-jacente:f, néoplasie:f", ("C", "D63", "Z51")),
    "stroke_family": ("I64", "AVC:m, accident vasculaire cérébral:m", ()),
    "mi_family": ("I21.9", "infarctus du myocarde:m, IDM:m", ()),
    "breast_family": ("C50.9", "cancer du sein:m", ()),
    "colon_family": ("C18.9", "cancer colique:m, cancer du côlon:m", ()),
    "htn_family": ("I10", "HTA:f, hypertension artérielle:f", ()),
    "diabetes_family": ("E11.98", "diabète de type 2:m, DT2:m", ()),
    "pe_family": ("I26.9", "embolie pulmonaire:f, EP:f", ()),
    "dementia_family": ("F03", "démence:f, syndrome démentiel:m", ()),
    "asthma_family": ("J45.9", "asthme:m", ()),
    "epilepsy_family": ("G40.9", "épilepsie:f", ()),
    "htn": ("I10", "HTA:f, hypertension artérielle:f", ("I10",)),
    "diabetes": ("E11.98", "diabète:m", ("E1",)),
    "af": ("I48.9", "fibrillation auriculaire:f, FA:f", ("I48",)),
    "ckd": ("N18.9", "insuffisance rénale chronique:f, IRC:f", ("N18",)),
    "smoking": ("F17.2", "tabagisme:m, tabac:m", ("F17",)),
    "smoking_past": ("F17.2", "tabagisme sevré:m, tabac sevré:m", ("F17",)),
    "alcohol": ("F10.2", "éthylisme:m, consommation excessive d'alcool:f", ("F10",)),
    "allergy": ("", "allergie connue:f, allergie médicamenteuse:f", ()),
    "fracture": ("", "lésion osseuse traumatique:f, fracture récente:f", ("S42", "S72")),
    "pyloric": ("", "épanchement intrapéritonéal:m", ("K35.2",)),
    "dvt_past": ("I80.2", "TVP:f, phlébite:f", ()),
    "tia_past": ("G45.9", "AIT:m, accident ischémique transitoire:m", ()),
    "ulcer_past": ("K25.9", "ulcère gastrique:m", ()),
    "colic_past": ("N23", "colique néphrétique:f, CN:f", ()),
    "zoster_past": ("B02.9", "zona:m", ()),
    "pneumonia_past": ("J18.9", "pneumopathie:f", ()),
    "wrist_past": ("", "fracture du poignet:f", ()),
    "ankle_past": ("", "fracture de cheville:f, fracture bimalléolaire:f", ()),
    "otitis_past": ("H66.9", "otite moyenne:f, otite:f", ()),
}

# operations of the past: key, forms
PAST_OPERATIONS: Final[dict[str, str]] = {
    "appendectomy": "appendicectomie:f",
    "cholecystectomy": "cholécystectomie:f",
    "hernia_repair": "cure de hernie inguinale:f",
    "hysterectomy": "hystérectomie:f",
    "prostate_resection": "résection transurétrale de prostate:f, RTUP:f",
    "tonsillectomy": "amygdalectomie:f, ablation des amygdales:f",
    "hip_replacement": "prothèse totale de hanche:f, PTH:f",
    "grommets": "pose d'aérateurs transtympaniques:f, pose d'ATT:f",
}

# drug: ATC code, usual dose and rhythm as prescribed
DRUGS: Final[dict[str, tuple[str, str]]] = {
    "acétylcystéine": ("R05CB01", ""),
    "acide acétylsalicylique": ("B01AC06", "75 mg/j"),
    "amiodarone": ("C01BD01", "200 mg/j"),
    "amlodipine": ("C08CA01", "5 mg/j"),
    "amoxicilline": ("J01CA04", "1 g x 3/j"),
    "amoxicilline-acide clavulanique": ("J01CR02", "1 g x 3/j"),
    "apixaban": ("B01AF02", "5 mg x 2/j"),
    "atorvastatine": ("C10AA05", "40 mg le soir"),
    "bisoprolol": ("C07AB07", "2,5 mg/j"),
    "budésonide": ("R03BA02", "1 bouffée x 2/j"),
    "ceftriaxone": ("J01DD04", "1 g/j"),
    "céfazoline": ("J01DB04", "2 g"),
    "céfixime": ("J01DD08", "200 mg x 2/j"),
    "clopidogrel": ("B01AC04", "75 mg/j"),
    "colécalciférol": ("A11CC05", ""),
    "donépézil": ("N06DA02", "10 mg le soir"),
    "énoxaparine": ("B01AB05", "4000 UI/j"),
    "fluoxétine": ("N06AB03", "20 mg/j"),
    "furosémide": ("C03CA01", "40 mg/j"),
    "ibuprofène": ("M01AE01", "400 mg si besoin"),
    "insuline asparte": ("A10AB05", "selon protocole"),
    "insuline glargine": ("A10AE04", "14 UI le soir"),
    "ipratropium": ("R03BB01", ""),
    "labétalol": ("C07AG01", "200 mg x 2/j"),
    "lactulose": ("A06AD11", "2 sachets/j"),
    "lévofloxacine": ("J01MA12", "500 mg/j"),
    "lévétiracétam": ("N03AX14", "500 mg x 2/j"),
    "macrogol": ("A06AD15", "1 sachet/j"),
    "metformine": ("A10BA02", "1 g x 2/j"),
    "morphine": ("N02AA01", ""),
    "métronidazole": ("J01XD01", "500 mg x 3/j"),
    "noradrénaline": ("C01CA03", ""),
    "ofloxacine": ("J01MA01", "200 mg x 2/j"),
    "ondansétron": ("A04AA01", "8 mg si besoin"),
    "oxytocine": ("H01BB02", ""),
    "pantoprazole": ("A02BC02", "40 mg/j"),
    "paracétamol": ("N02BE01", "1 g si besoin, max 3/j"),
    "phytoménadione": ("B02BA01", ""),
    "prednisolone": ("H02AB06", ""),
    "prednisone": ("H02AB07", "40 mg/j pendant 5 j"),
    "pristinamycine": ("J01FG01", "1 g x 3/j"),
    "racécadotril": ("A07XA04", ""),
    "ramipril": ("C09AA05", "5 mg/j"),
    "salbutamol": ("R03AC02", "2 bouffées si besoin"),
    "spironolactone": ("C03DA01", "25 mg/j"),
    "sulfate ferreux": ("B03AA07", "80 mg x 2/j"),
    "ticagrelor": ("B01AC24", "90 mg x 2/j"),
    "tiotropium": ("R03BB04", "1 inhalation/j"),
    "tramadol": ("N02AX02", "50 mg si besoin"),
    "tropicamide": ("S01FA06", ""),
    "vancomycine": ("J01XA01", ""),
}


def _all_terms() -> dict[str, Term]:
    terms = {code: _term(code, _kind(code), code, text) for code, text in DIAGNOSES.items()}
    terms |= {key: _term(key, "symptom", "", text) for key, text in SIGNS.items()}
    # the underscore tells what is denied, suspected or recalled from what is coded
    terms |= {
        f"{key}_": _term(code or key, "disease", code, text)
        for key, (code, text, _) in RIVALS.items()
    }
    terms |= {key: _term(key, "procedure", "", text) for key, text in PAST_OPERATIONS.items()}
    terms |= {
        name: Term(name, "drug", code, (Form(name, "m", False),))
        for name, (code, _) in DRUGS.items()
    }
    return terms


TERMS: Final = _all_terms()


def can_deny(key: str, codes: frozenset[str]) -> bool:
    """Tell whether a sign (`fever`) or a rival (`pe_`) may be denied with these true codes."""
    if key.endswith("_"):
        code, _, true = RIVALS[key[:-1]]
        true = (*true, code) if code else true
    else:
        true = SIGN_CODES.get(key, ())
    return not any(one.startswith(true) for one in codes) if true else True
