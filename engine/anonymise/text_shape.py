"""Tell the form of a text (address, phone number, date, id, ...), which decides how it is replaced; and the word lists.

PUBLIC holds words of the software trade, which tell nothing about a person: no given name or surname, no sex, belief or
health, no place, no language.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import date
from datetime import time as clock
from enum import Enum
from typing import Any

from engine.core.secret_patterns import is_secret_name, is_token, pieces
from engine.language.expressions import lossless_json

LISTED = re.compile(r"\S+")
PUBLIC = frozenset(
    LISTED.findall(
        """
    accept accepted access account accounts action active activity actor add added address addresses admin admins after agent agents all
    allow allowed always android answered any api app application applications approve approved archive archived array asc assigned assignee
    async attachment attachments attendee attendees audio audit auth auto automatic automatically available avatar away basic before billing
    blocked blocks board body bool boolean bot both bounced browser bucket bulk business busy button calendar call called callee caller
    calls campaign cancel canceled cancelled card cart category cdn channel channels chat check checked child clean cleaned click clicked
    client close closed cloud code collaborator collection column comment comments commit complete completed conference config configuration
    confirmed connect connected contact contacts content contributor copy cost count country create created creator credit csv currency
    current cursor custom customer customers daily data date datetime day days deal deals debit decline declined default delete deleted
    delivered demo denied deny department desc description desktop detail details device devices direct directory disable disabled dismissed
    display dnd document documents domain done download draft due duplicate duration each edit edited editor email emails empty enable
    enabled end ended enterprise entity enum error errors event events every everyone example exception exempt expired export extension
    external failed failure false fax feature features field fields file files filter first fixed flag folder folders followup force form
    format forward found free from full general get global go group groups guest guests header high history hold home host hosted hourly
    html http https id identifier identity idle ignored image images img import in inactive inbound inbox include included incoming info
    inherit initial instant int integer internal invalid invitation invite invited invoice ios is issue issues item items job join json key
    kind label labels last lead leads level licence license licensed licenses limit limited line link linked linux list lists live local
    locked log login logins logs low m4a mac machine mail mailing main manager manual max md5 medium meeting meetings member members
    memberships merge merged message messages meta metadata method min minute minutes missed mobile mobility mode moderator modified month
    monthly mp3 mp4 muted name names never new next no none normal not note notes notification notifications null num number object off
    offline on once online only open opened opportunity option optional or order orders organization organizer other outbound outgoing owned
    owner owners pages paid parent partial participant participants participation password patch path pause paused payment pdf pending
    permission permissions personal phone phones photo plan plans platform play player plus png points policy poll position post premium
    presence present previous price primary priority private pro processed processing product products profile profiles project projects
    property protected provider public published pull purchase push queue queued quote range rate read reader ready rec received recipient
    record recorded recording recordings records recurring ref reference refund refunded registered registrant registration rejected related
    release reminder remote remove removed replied reply report repository request requested required resolved resource response rest
    restricted result results retry review revoked role roles room rooms row rule rules running sales saved schedule scheduled scheduler
    scope search second seconds secret section security segment self send sender sent server service session sessions set setting settings
    share shared shipped site size skipped smtp snapshot snippet social software solved sort source space spam speaker sql standalone
    standard start started state static status step stopped storage store string subject submitted subscribed subscriber subscription
    subscriptions success support suspended sync system tag tags task tasks team teams template test text thread threads thumbnail ticket
    tickets time timeline timeout timestamp timezone title to token topic total track transactional transcript trash trashed trial trigger
    triggered true txt type types unarchived unavailable undefined unique unknown unlimited unlisted unlocked unpaid unread unsubscribed
    update updated upload uploaded urgent url user username users utc valid value values verified version video videos view viewed viewer
    views visibility visible visit voice voicemail voicemails voip vtt waiting watch web webhook webinar webinars week weekly widget windows
    work workspace write year yearly yes zip
    """
    )
)
CODE_WORDS = re.compile(r"[A-Za-z0-9]+(?:[_.:/-][A-Za-z0-9]+)*")

ONSETS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "dr", "fl", "gr", "kl", "pl", "st", "tr")
VOWELS = ("a", "e", "i", "o", "u")
FILLER = tuple(
    LISTED.findall(
        """
    lorem ipsum dolor sit amet consectetur adipiscing elit sed eiusmod tempor incididunt labore magna aliqua enim minim veniam quis
    nostrud exercitation ullamco laboris nisi aliquip commodo consequat duis aute irure reprehenderit voluptate velit esse cillum
    fugiat nulla pariatur excepteur sint occaecat cupidatat proident sunt culpa officia deserunt mollit anim laborum
    """
    )
)
ZONES = ("Etc/UTC", "Etc/GMT+1", "Etc/GMT+2", "Etc/GMT+3", "Etc/GMT-1", "Etc/GMT-2", "Etc/GMT-3", "Etc/GMT+5", "Etc/GMT-5", "Etc/GMT+8")
LOCALES = ("en-US", "en-GB", "de-DE", "fr-FR", "es-ES", "it-IT", "pl-PL", "sv-SE", "nl-NL", "pt-BR", "ja-JP", "da-DK", "fi-FI", "cs-CZ")


class TextShape(Enum):
    """The forms of values; a stand-in keeps the form of its value."""

    EMAIL = "e-mail address"
    ADDRESS = "address of the web"
    INNER = "JSON in a text"
    UUID = "uuid"
    IP = "IP address"
    MOMENT = "date or time"
    PHONE = "phone number"
    NUMBER = "number"
    HEX = "hexadecimal"
    SECRET = "secret"  # noqa: S105  a form, not one
    HANDLE = "name or handle"
    HOST = "host name"
    ZONE = "time zone"
    LOCALE = "language"
    TEXT = "free text"
    OPAQUE = "opaque id"


EMAIL = re.compile(r"[^\s@<>\"(),:;]+@[^\s@<>\"(),:;/]+\.[^\W\d_]{2,}|[^\s@<>\"(),:;]+@[A-Za-z0-9-]+")
EMBEDDED = re.compile(r"[\w.+%#&'*=^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
CALLED = re.compile(r"\+[1-9][0-9 ()./-]{6,20}[0-9]")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
LEAD = re.compile(r"(mailto|tel|sip|sips|sms|xmpp|callto|acct|urn):(?=\S)", re.IGNORECASE)
UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
NUMERIC = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
HEX = re.compile(r"[0-9a-f]{8,}|[0-9A-F]{8,}")
NATIONAL = re.compile(r"\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}")
DIALLED = re.compile(r"[+(]?[0-9][0-9 ()./-]{5,20}[0-9]")
HANDLE = re.compile(r"[^\W\d_]+(?:[ ._'\u2019-]{1,2}[^\W\d_]+){0,4}[ ._-]?[0-9]{0,4}\.?")
GROUPED = re.compile(r"[0-9]+(?:[ ./-][0-9]+)+")
HOST = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9])?\.)+([A-Za-z]{2,24})\.?")
TOPS = frozenset(
    LISTED.findall("com net org info biz io co app dev ai eu de uk us fr es it nl se no dk fi pl ch at be cz pt ie au ca jp in br cloud")
)
ZONE = re.compile(r"(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|US|Etc)/[A-Za-z0-9_+/-]+")
LOCALE = re.compile(r"[a-z]{2}[-_][A-Z]{2}")
PHONE_PIECES = frozenset(LISTED.findall("phone phones mobile fax tel telephone cell cellphone msisdn whatsapp sms caller callee"))

ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:([Tt ])(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?( ?(?:[Zz]|UTC|GMT|[+-]\d\d:?(?:\d\d)?))?)?")
COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)[Tt](\d\d)(\d\d)(\d\d)([Zz]?)")
MAIL = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r" \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})"
)
SLASHED = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{4}|\d{4}([/.])\d{1,2}\2\d{1,2}")
CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")


def shape_of(text: str, key: str = "") -> TextShape:
    """Tell the form of a text. `key` is its name in JSON or in a query, which may say that it is a phone number or a secret."""
    if is_token(text) or (is_secret_name(key) and not NUMERIC.fullmatch(text)):
        return TextShape.SECRET
    for shape, judge in JUDGES:
        if judge(text, key):
            return shape
    return TextShape.TEXT if (re.search(r"\s", text) or "<" in text) and not GROUPED.fullmatch(text) else TextShape.OPAQUE


def inner_json(text: str) -> Any:
    """Decode a text that is a JSON map or list; None for any other text."""
    if text[:1] not in ("{", "[") or text[-1:] not in ("}", "]"):
        return None
    try:
        found = lossless_json.loads(text.encode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, (dict, list)) and found else None


def _email(text: str, _key: str) -> bool:
    return EMAIL.fullmatch(text) is not None


def _address(text: str, _key: str) -> bool:
    return (SCHEME.match(text) is not None or LEAD.match(text) is not None) and not re.search(r"[\s<>\"]", text)


def _inner(text: str, _key: str) -> bool:
    return inner_json(text) is not None


def _ip(text: str, _key: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("/")[0])
    except ValueError:
        return False
    return "%" not in text


def _moment(text: str, _key: str) -> bool:
    iso = ISO.fullmatch(text) or COMPACT.fullmatch(text)
    if iso is not None:
        hours = iso.groups()[4:7] if iso.re is ISO else iso.groups()[3:6]
        try:
            date(int(iso[1]), int(iso[2]), int(iso[3]))
            clock(int(hours[0] or 0), int(hours[1] or 0), int(hours[2] or 0))
        except ValueError:
            return False
        return True
    return bool(MAIL.fullmatch(text) or SLASHED.fullmatch(text))


def _phone(text: str, key: str) -> bool:
    digits = sum(char.isdigit() for char in text)
    if not 7 <= digits <= 15:
        return False
    named = PHONE_PIECES & set(pieces(key)) and DIALLED.fullmatch(text)
    grouped = GROUPED.fullmatch(text) and not re.search(r"[./]", text)
    return bool(grouped or CALLED.fullmatch(text) or re.fullmatch(r"\+[1-9][0-9]{6,14}", text) or NATIONAL.fullmatch(text) or named)


def _host(text: str, _key: str) -> bool:
    found = HOST.fullmatch(text)
    return found is not None and found[1].lower() in TOPS


JUDGES = (
    (TextShape.EMAIL, _email),
    (TextShape.ADDRESS, _address),
    (TextShape.INNER, _inner),
    (TextShape.UUID, lambda text, _: UUID.fullmatch(text)),
    (TextShape.MOMENT, _moment),
    (TextShape.IP, _ip),
    (TextShape.PHONE, _phone),
    (TextShape.NUMBER, lambda text, _: NUMERIC.fullmatch(text) and text.isascii()),
    (TextShape.HEX, lambda text, _: HEX.fullmatch(text) and not text.isalpha()),
    (TextShape.ZONE, lambda text, _: ZONE.fullmatch(text)),
    (TextShape.LOCALE, lambda text, _: LOCALE.fullmatch(text)),
    (TextShape.HOST, _host),
    (TextShape.HANDLE, lambda text, _: len(text) <= 80 and HANDLE.fullmatch(text)),
)

__all__ = ["TextShape", "inner_json", "shape_of"]
