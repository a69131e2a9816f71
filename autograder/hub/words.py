"""What the exchange says when something is refused, in the language of the course."""

from autograder.authoring.translation import Lang
from autograder.hub.folders import DEPTH, Reason, Refused, shown

_REASONS: dict[Reason, dict[Lang, str]] = {
    "changed": {
        "fr": "« {path} » a changé pendant la copie",
        "en": "“{path}” changed while it was being copied",
    },
    "crossing": {
        "fr": "« {path} » se trouve sur un autre disque",
        "en": "“{path}” is on another disk",
    },
    "link": {
        "fr": "« {path} » est un lien, pas un fichier",
        "en": "“{path}” is a link, not a file",
    },
    "name": {
        "fr": "« {path} » : ce nom contient des caractères invisibles",
        "en": "“{path}”: this name holds invisible characters",
    },
    "no-access": {
        "fr": "« {path} » ne peut pas être lu",
        "en": "“{path}” cannot be read",
    },
    "owner": {
        "fr": "« {path} » appartient à un autre compte",
        "en": "“{path}” belongs to another account",
    },
    "special": {
        "fr": "« {path} » n'est pas un fichier ordinaire",
        "en": "“{path}” is no ordinary file",
    },
    "too-big": {
        "fr": "« {path} » dépasse {file_mb} Mo",
        "en": "“{path}” is larger than {file_mb} MB",
    },
    "too-deep": {
        "fr": f"« {{path}} » : plus de {DEPTH} dossiers les uns dans les autres",
        "en": f"“{{path}}”: more than {DEPTH} folders inside one another",
    },
    "too-large": {
        "fr": "le dossier dépasse {all_mb} Mo",
        "en": "the folder is larger than {all_mb} MB",
    },
    "too-many": {
        "fr": "le dossier contient plus de {entries} fichiers",
        "en": "the folder holds more than {entries} files",
    },
}

_REMEDIES: dict[Reason, dict[Lang, str]] = {
    "changed": {
        "fr": "enregistrez vos fichiers, puis rendez à nouveau",
        "en": "save your files, then submit again",
    },
    "link": {
        "fr": "mettez le fichier lui-même à sa place, puis rendez à nouveau",
        "en": "put the file itself in its place, then submit again",
    },
    "name": {
        "fr": "renommez-le, puis rendez à nouveau",
        "en": "rename it, then submit again",
    },
    "no-access": {
        "fr": "corrigez ses droits ou déplacez-le hors du dossier, puis rendez à nouveau",
        "en": "mend its permissions or move it out of the folder, then submit again",
    },
    "too-big": {
        "fr": "effacez les sorties des cellules (menu Édition), enregistrez, puis rendez à nouveau",
        "en": "clear the outputs of the cells (Edit menu), save, then submit again",
    },
    "too-large": {
        "fr": "déplacez ailleurs les gros fichiers (données, figures), puis rendez à nouveau",
        "en": "move large files (data, figures) out of the folder, then submit again",
    },
}

_MOVE: dict[Lang, str] = {
    "fr": "déplacez ces fichiers hors du dossier, puis rendez à nouveau",
    "en": "move these files out of the folder, then submit again",
}


FAILURES: dict[str, dict[Lang, str]] = {
    "busy": {
        "fr": "Une autre remise est en cours : attendez qu'elle se termine.",
        "en": "Another submission of yours is under way: wait for it to end.",
    },
    "exchange": {
        "fr": "L'espace d'échange du cours est plein : prévenez l'équipe enseignante, puis rendez "
        "à nouveau.",
        "en": "The course's exchange is full: tell your instructor, then submit again.",
    },
    "failed": {
        "fr": "L'espace d'échange du cours ne répond pas comme prévu ({detail}) : prévenez "
        "l'équipe enseignante, puis rendez à nouveau.",
        "en": "The course's exchange does not work as it should ({detail}): tell your "
        "instructor, then submit again.",
    },
    "home": {
        "fr": "Votre dossier personnel est plein : supprimez ce qui ne sert plus, puis rendez à "
        "nouveau.",
        "en": "Your home folder is full: delete what you no longer need, then submit again.",
    },
    "inbox": {
        "fr": "Votre boîte de remise est pleine ({size} Mo) : demandez à l'équipe enseignante d'en "
        "retirer d'anciens rendus.",
        "en": "Your inbox is full ({size} MB): ask your instructor to remove earlier submissions "
        "from it.",
    },
}
"""Why nothing could be submitted, when it is no fault of the student's folder."""


def reason(lang: Lang, refused: Refused, **limits: int) -> str:
    """Why a folder, or a file of it, was not copied; no full stop."""
    return _REASONS[refused.reason][lang].format(path=shown(refused.path or "."), **limits)


def remedy(lang: Lang, refused: Refused) -> str:
    """What a student does about it; no full stop."""
    return _REMEDIES.get(refused.reason, _MOVE)[lang]
