"""Word lists: what may stay in a recording because it tells nothing about a person, and what stand-ins are made of.

PUBLIC holds words of the software trade: no given name or surname, no sex, belief or health, no place or language, and no vendor:
a vendor's own words come from its spec (see `allowed`).
"""

from __future__ import annotations

import re

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
