"""What can become of a value, and the ten reasons for it, each with the sentence that the person reads.

The sentences say what was done and on which ground. They name no law but where the law is the reason, since one package may answer a
request under several.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Treatment = Literal["hold", "drop", "mask", "alias", "give"]
Because = Literal[
    "third_party",
    "known_to_them",
    "trade_secret",
    "privilege",
    "security",
    "never_disclose",
    "ongoing_investigation",
    "not_personal",
    "duplicate",
    "out_of_scope",
]

TREATMENTS: Mapping[Treatment, str] = {
    "hold": "an endpoint, a record or a file is not handed over, and is listed with its reason",
    "drop": "a field is left out, and counted",
    "mask": "a value is replaced by words that say why",
    "alias": "a person is replaced by `person 1`, `person 2`, the same one by the same number in one package",
    "give": "it is handed over as it is",
}
CODES: tuple[Because, ...] = get_args(Because)
GIVING: tuple[Because, ...] = ("known_to_them",)
WITHHOLDING = tuple(one for one in CODES if one not in GIVING)
BY_LAW: tuple[Because, ...] = ("never_disclose",)  # no reviewer's `give` overrules these

LANGUAGES = ("en", "de")  # of an answer, and of the letters about it; every text for a person stands in each
WITHHELD: Mapping[str, str] = {"en": "[withheld: {}]", "de": "[zurückgehalten: {}]"}  # what stands in the place of a value
PERSON: Mapping[str, str] = {"en": "person {}", "de": "Person {}"}
IN_SHORT: Mapping[Because, Mapping[str, str]] = {
    "third_party": {"en": "another person", "de": "eine andere Person"},
    "known_to_them": {"en": "known to you", "de": "Ihnen bekannt"},
    "trade_secret": {"en": "trade secret", "de": "Geschäftsgeheimnis"},
    "privilege": {"en": "confidential, with a lawyer", "de": "vertraulich, mit einem Rechtsbeistand"},
    "security": {"en": "security", "de": "Sicherheit"},
    "never_disclose": {"en": "protected number", "de": "geschützte Nummer"},
    "ongoing_investigation": {"en": "open investigation", "de": "laufende Untersuchung"},
    "not_personal": {"en": "not about you", "de": "nicht über Sie"},
    "duplicate": {"en": "told elsewhere in this answer", "de": "steht an anderer Stelle dieser Antwort"},
    "out_of_scope": {"en": "not asked for", "de": "nicht verlangt"},
}

SENTENCES: Mapping[Because, Mapping[str, str]] = {
    "third_party": {
        "en": "This is another person's data, and giving it would adversely affect their rights.",
        "de": "Dies sind Daten einer anderen Person; sie herauszugeben würde deren Rechte beeinträchtigen.",
    },
    "known_to_them": {
        "en": "This names another person, in something that you took part in and know already.",
        "de": "Dies nennt eine andere Person, in einem Vorgang, an dem Sie beteiligt waren und den Sie bereits kennen.",
    },
    "trade_secret": {
        "en": "This would disclose a trade secret or infringe intellectual property.",
        "de": "Dies würde ein Geschäftsgeheimnis offenlegen oder geistiges Eigentum verletzen.",
    },
    "privilege": {
        "en": "This is part of confidential communication with a lawyer.",
        "de": "Dies gehört zu vertraulicher Kommunikation mit einem Rechtsbeistand.",
    },
    "security": {
        "en": "This is a password, key or address that lets somebody in; it is held, and not copied, to keep accounts safe.",
        "de": "Dies ist ein Kennwort, ein Schlüssel oder eine Adresse, die Zugang gibt; es ist gespeichert und wird zum Schutz der "
        "Konten nicht kopiert.",
    },
    "never_disclose": {
        "en": "This is a number of an identity document, an account, a card or a health insurance; it is held, and must not be disclosed.",
        "de": "Dies ist die Nummer eines Ausweises, Kontos, einer Karte oder Krankenversicherung; sie ist gespeichert und darf nicht "
        "offengelegt werden.",
    },
    "ongoing_investigation": {
        "en": "Giving this now would prejudice an investigation or a legal claim that is still open.",
        "de": "Dies jetzt herauszugeben würde eine laufende Untersuchung oder einen offenen Rechtsanspruch gefährden.",
    },
    "not_personal": {
        "en": "This does not relate to you: it is the same for everybody, or tells only of how the system works.",
        "de": "Dies bezieht sich nicht auf Sie: Es ist für alle gleich oder beschreibt nur das System.",
    },
    "duplicate": {
        "en": "This is told already in another part of this answer.",
        "de": "Dies steht bereits an anderer Stelle dieser Antwort.",
    },
    "out_of_scope": {
        "en": "You did not ask for this.",
        "de": "Danach haben Sie nicht gefragt.",
    },
}
