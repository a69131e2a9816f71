"""Make the exchange's folders, and say what is wrong with those that exist.

An inbox belongs to its student, the course's folder to the course's account: each folder is
opened below its parent's descriptor, never through a link, and nothing below an inbox is changed.
"""

import grp
import os
import pwd
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.translation import Lang
from autograder.errors import EcoleError
from autograder.hub import folders
from autograder.hub.folders import shown
from autograder.hub.inboxes import MOST_ENTRIES, Inboxes, read_name
from autograder.learning.words import say

_QUOTA = ("usrquota", "usrjquota", "uquota", "quota", "prjquota", "pquota", "grpquota")
_INBOX_SIZE: int = Inboxes.max_inbox_size.default_value
_FREE_SIZE: int = Inboxes.min_free_size.default_value


@dataclass(frozen=True)
class Account:
    """A Unix account: its uid, and the gid of its own group."""

    uid: int
    gid: int


@dataclass(frozen=True)
class _Folder:
    """What one folder of the layout must be."""

    path: str
    uid: int
    gid: int
    mode: int
    inbox: bool = False


def prepare_exchange(
    root: Path | str, course: str, account: Account, class_gid: int, students: Mapping[str, int]
) -> None:
    """Make the exchange of one course, or put an existing one right; safe to repeat.

    As root the folders get their owners; an ordinary user makes an exchange where everything is
    theirs. What lies in an inbox is never touched; submissions that nbgrader's own exchange left
    in `inbound/` are moved into the inbox of the account that owns them.

    Args:
        root: the exchange's folder, made if need be; its parent must exist.
        course: nbgrader's course id.
        account: who owns the course. Its group must hold no student.
        class_gid: group of the students of the course.
        students: uid of each student, by nbgrader's student id.

    Raises:
        EcoleError: something stands in the way; the message says what to do.
    """
    for name in (course, *students):
        if not name or name.startswith(".") or set("+*/") & set(name) or shown(name) != name:
            raise EcoleError(
                f"{shown(name)!r} cannot be a name in the exchange: no leading dot, no + * /"
            )
    try:
        with _at(Path(root)) as top:
            _fix(top, _Folder(str(root), os.geteuid(), os.getegid(), 0o755))
            for folder in _layout(course, account, class_gid):
                _make(top, folder)
            for student, uid in students.items():
                _make(top, _inbox(course, account, student, uid))
            _adopt(top, course, students)
    except OSError as error:
        raise EcoleError(
            f"the exchange {root} could not be prepared: {error}; make its owner run this, or "
            "move away what stands there"
        ) from error


def exchange_faults(
    root: Path | str,
    course: str,
    account: Account,
    class_gid: int,
    students: Mapping[str, int],
    *,
    lang: Lang = "en",
    max_inbox_size: int = _INBOX_SIZE,
    min_free_size: int = _FREE_SIZE,
) -> list[str]:
    """What is wrong with the exchange of one course: one sentence each, with what mends it.

    Args:
        root, course, account, class_gid, students: as for `prepare_exchange`.
        lang: language of the sentences.
        max_inbox_size: kilobytes, `c.Exchange.max_inbox_size`.
        min_free_size: kilobytes, `c.Exchange.min_free_size`.

    Returns:
        no sentence when all is well.
    """
    faults: list[str] = []
    try:
        with folders.opened(root) as top:
            if os.fstat(top).st_mode & 0o022:
                faults.append(_writable(root, lang))
            expected = [*_layout(course, account, class_gid)]
            expected += [_inbox(course, account, name, uid) for name, uid in students.items()]
            for folder in expected:
                faults += _folder_faults(Path(root), top, folder, lang)
            faults += _inbox_faults(Path(root), top, course, max_inbox_size, lang)
            faults += _disk_faults(Path(root), top, min_free_size, lang)
    except OSError as error:
        return [
            say(
                lang,
                fr=f"L'espace d'échange {root} ne peut pas être lu ({error.strerror}) : "
                "`ecole hub` le prépare.",
                en=f"The exchange {root} cannot be read ({error.strerror}): `ecole hub` makes it.",
            )
        ]
    return faults + _account_faults(account, class_gid, students, lang)


def _layout(course: str, account: Account, class_gid: int) -> list[_Folder]:
    return [
        _Folder(course, account.uid, class_gid, 0o750),
        _Folder(f"{course}/outbound", account.uid, account.gid, 0o755),
        _Folder(f"{course}/feedback", account.uid, account.gid, 0o711),
        _Folder(f"{course}/inbound", account.uid, account.gid, 0o711),
    ]


def _inbox(course: str, account: Account, student: str, uid: int) -> _Folder:
    return _Folder(f"{course}/inbound/{student}", uid, account.gid, 0o2770, inbox=True)


# making


@contextmanager
def _at(path: Path) -> Iterator[int]:
    """The descriptor of a folder that is made if need be."""
    path.mkdir(exist_ok=True, mode=0o755)
    with folders.opened(path) as descriptor:
        yield descriptor


@contextmanager
def _below(top: int, path: str) -> Iterator[int]:
    """The descriptor of a folder some levels below another, through no link."""
    descriptor = os.dup(top)
    try:
        for name in path.split("/"):
            inner = os.open(name, folders.FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _make(top: int, folder: _Folder) -> None:
    parent, _, name = folder.path.rpartition("/")
    with _below(top, parent or ".") as above:
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=above)
        with folders.opened(name, above) as descriptor:
            _fix(descriptor, folder)


def _fix(descriptor: int, folder: _Folder) -> None:
    status = os.fstat(descriptor)
    if (status.st_uid, status.st_gid) != (folder.uid, folder.gid):
        _refuse_to_hand_over(descriptor, status, folder)
        os.fchown(descriptor, folder.uid, folder.gid)
    if stat.S_IMODE(os.fstat(descriptor).st_mode) != folder.mode:
        os.fchmod(descriptor, folder.mode)


def _refuse_to_hand_over(descriptor: int, status: os.stat_result, folder: _Folder) -> None:
    """An inbox with somebody's submissions goes to nobody else: names are used again."""
    if folder.inbox and status.st_uid != folder.uid and os.listdir(descriptor):
        raise EcoleError(
            f"{folder.path} holds submissions of uid {status.st_uid}, not of uid {folder.uid}: "
            "move that folder away, then run this again"
        )


def _adopt(top: int, course: str, students: Mapping[str, int]) -> None:
    """Move submissions of nbgrader's own flat layout into the inbox of their owner."""
    with _below(top, f"{course}/inbound") as inbound:
        for name in os.listdir(inbound):
            record = read_name(name)
            if record is None or record.student not in students:
                continue
            status = os.stat(name, dir_fd=inbound, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode) and status.st_uid == students[record.student]:
                with folders.opened(record.student, inbound) as inbox:
                    os.rename(name, name, src_dir_fd=inbound, dst_dir_fd=inbox)


# faults


def _writable(root: Path | str, lang: Lang) -> str:
    return say(
        lang,
        fr=f"N'importe qui peut renommer les cours dans {root} : chmod 755 {root}",
        en=f"Anybody can rename the courses in {root}: chmod 755 {root}",
    )


def _folder_faults(root: Path, top: int, folder: _Folder, lang: Lang) -> list[str]:
    path = root / folder.path
    try:
        with _below(top, folder.path) as descriptor:
            status = os.fstat(descriptor)
    except OSError as error:
        return [
            say(
                lang,
                fr=f"{path} manque ou n'est pas un dossier ({error.strerror}) : `ecole hub` le "
                "fait, une fois déplacé ce qui en tient lieu.",
                en=f"{path} is missing or no folder ({error.strerror}): `ecole hub` makes it, once "
                "what stands there is moved away.",
            )
        ]
    faults = []
    if (status.st_uid, status.st_gid) != (folder.uid, folder.gid):
        found, wanted = f"{status.st_uid}:{status.st_gid}", f"{folder.uid}:{folder.gid}"
        faults.append(
            say(
                lang,
                fr=f"{path} appartient à {found} : chown -h {wanted} {path}",
                en=f"{path} belongs to {found}: chown -h {wanted} {path}",
            )
        )
    mode = stat.S_IMODE(status.st_mode)
    if mode != folder.mode:
        faults.append(
            say(
                lang,
                fr=f"{path} a les droits {mode:o} : chmod {folder.mode:o} {path}",
                en=f"{path} has mode {mode:o}: chmod {folder.mode:o} {path}",
            )
        )
    return faults


def _inbox_faults(root: Path, top: int, course: str, most: int, lang: Lang) -> list[str]:
    """Inboxes that hold too much, and what lies in `inbound/` that is none."""
    faults = []
    inbound = root / course / "inbound"
    try:
        with _below(top, f"{course}/inbound") as descriptor:
            names = sorted(os.listdir(descriptor))
    except OSError:
        return []  # said of the folder itself
    for name in names:
        path = shown(str(inbound / name))
        try:
            with _below(top, f"{course}/inbound/{name}") as descriptor:
                found = folders.measure(descriptor, MOST_ENTRIES)
        except OSError:
            faults.append(
                say(
                    lang,
                    fr=f"{path} n'est pas une boîte de remise, ou ne peut pas être lu.",
                    en=f"{path} is no inbox, or cannot be read.",
                )
            )
            continue
        if "+" in name:
            faults.append(
                say(
                    lang,
                    fr=f"{path} n'est dans aucune boîte : il ne sera pas collecté. Déplacez-le "
                    "dans celle de son élève.",
                    en=f"{path} is in no inbox: it will not be collected. Move it into its "
                    "student's.",
                )
            )
        elif found.bytes > 1000 * most or not found.whole:
            faults.append(_full(path, found, most, lang))
    return faults


def _full(path: str, found: folders.Measure, most: int, lang: Lang) -> str:
    size = f"{found.bytes // 1_000_000}{'' if found.whole else '+'}"
    return say(
        lang,
        fr=f"{path} est pleine ({size} Mo, {found.entries} fichiers ; limite {most // 1000} Mo) : "
        "retirez-en d'anciens rendus.",
        en=f"{path} is full ({size} MB, {found.entries} files; limit {most // 1000} MB): remove "
        "earlier submissions from it.",
    )


def _disk_faults(root: Path, top: int, least: int, lang: Lang) -> list[str]:
    faults = []
    disk = os.fstatvfs(top)
    free = disk.f_bavail * disk.f_frsize
    if free < 1000 * least:
        faults.append(
            say(
                lang,
                fr=f"Il ne reste que {free // 1_000_000} Mo pour {root} : les rendus sont refusés "
                f"en dessous de {least // 1000} Mo. Faites de la place.",
                en=f"Only {free // 1_000_000} MB are left for {root}: submissions are refused "
                f"below {least // 1000} MB. Make some room.",
            )
        )
    if not _has_quota(os.fstat(top).st_dev):
        faults.append(
            say(
                lang,
                fr=f"Le disque de {root} n'a pas de quota : `ecole` limite ce qui est rendu, pas "
                "ce qu'un élève écrit lui-même dans sa boîte. Montez-le avec usrquota, ou donnez "
                "à l'espace d'échange son propre disque.",
                en=f"The disk of {root} has no quota: `ecole` bounds what is submitted, not what a "
                "student writes into their inbox by hand. Mount it with usrquota, or give the "
                "exchange a disk of its own.",
            )
        )
    return faults


def _has_quota(device: int) -> bool:
    """Whether the mount of a device says that it counts what each account stores."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return False
    for line in lines:
        fields = line.split()
        if fields[2] == wanted:
            options = f"{fields[5]},{fields[-1]}".split(",")
            if any(option.partition("=")[0] in _QUOTA for option in options):
                return True
    return False


def _account_faults(
    account: Account, class_gid: int, students: Mapping[str, int], lang: Lang
) -> list[str]:
    faults = []
    same = sorted(name for name, uid in students.items() if uid == account.uid)
    if same:
        faults.append(
            say(
                lang,
                fr=f"Le compte du cours et {', '.join(same)} ont le même uid ({account.uid}) : "
                "rien ne sépare leurs fichiers. Bon pour un essai, ou si chaque serveur ne voit "
                "que sa propre boîte.",
                en=f"The course's account and {', '.join(same)} have the same uid ({account.uid}): "
                "nothing separates their files. Fit for a trial, or where each server sees its own "
                "inbox only.",
            )
        )
    for student, uid in students.items():
        groups = _groups(uid)
        if uid == account.uid or groups is None:
            continue
        if account.gid in groups:
            group = _group_name(account.gid)
            faults.append(
                say(
                    lang,
                    fr=f"{student} est dans le groupe {group} du compte du cours et peut lire "
                    f"toutes les boîtes : gpasswd -d {student} {group}",
                    en=f"{student} is in the group {group} of the course's account and can read "
                    f"every inbox: gpasswd -d {student} {group}",
                )
            )
        if class_gid not in groups:
            group = _group_name(class_gid)
            faults.append(
                say(
                    lang,
                    fr=f"{student} n'est pas dans le groupe {group} de la classe et ne peut rien "
                    f"rendre : usermod -aG {group} {student}",
                    en=f"{student} is not in the class's group {group} and cannot submit: "
                    f"usermod -aG {group} {student}",
                )
            )
    return faults


def _groups(uid: int) -> list[int] | None:
    """The groups of an account of this machine; None where it has none by that uid."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    return os.getgrouplist(entry.pw_name, entry.pw_gid)


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
