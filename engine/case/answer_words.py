"""What an answer says of how a service was searched, in the language of the case. Pure sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

KINDS = {
    "en": {"EMAIL": "e-mail address", "PHONE": "telephone number", "USERNAME": "user name"},
    "de": {"EMAIL": "E-Mail-Adresse", "PHONE": "Telefonnummer", "USERNAME": "Benutzername"},
}
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "searched": "Searched for your {kinds}.",
        "and": " and ",
        "details": "other details",
        "no_match": "Nobody is known by it.",
        "seen": "We made sure that our access does show people.",
        "unproven": "Nobody was found, and we could not prove that our access shows people.",
        "since": "What is older than {day}.",
        "received": "Sent to us by whoever runs it.",
        "nothing": "Whoever answers for it was asked, and answered that nothing is held about you.",
        "not_downloaded": "It was not fetched.",
        "failed": "It could not be fetched.",
        "doubtful": "It was fetched, and it is in doubt whether it is whole.",
        "record_held": "Its record is withheld.",
        "lookup": "Who you are to this service",
    },
    "de": {
        "searched": "Gesucht wurde nach: {kinds}.",
        "and": " und ",
        "details": "weitere Angaben",
        "no_match": "Damit ist niemand bekannt.",
        "seen": "Wir haben geprüft, dass unser Zugang Personen zeigt.",
        "unproven": "Es wurde niemand gefunden; dass unser Zugang Personen zeigt, war nicht nachzuweisen.",
        "since": "Was älter ist als {day}.",
        "received": "Uns übersandt von denen, die es betreiben.",
        "nothing": "Wer dafür zuständig ist, wurde gefragt und hat geantwortet, dass nichts über Sie gespeichert ist.",
        "not_downloaded": "Sie wurde nicht abgerufen.",
        "failed": "Sie ließ sich nicht abrufen.",
        "doubtful": "Sie wurde abgerufen; ob sie vollständig ist, ist zweifelhaft.",
        "record_held": "Ihr Datensatz wird zurückgehalten.",
        "lookup": "Wer Sie für diesen Dienst sind",
    },
}


def how_searched(language: str, outcome: str, identified_by: Sequence[str], proof: str | None) -> str:
    """Say by what the person was searched for, and how it is known that nobody was found."""
    words, names = WORDS[language], KINDS[language]
    kinds = dict.fromkeys(names.get(one, words["details"]) for one in identified_by)
    told = [words["searched"].format(kinds=words["and"].join(kinds))] if kinds else []
    if outcome in ("no_match", "unproven"):
        told.append(words[outcome])
    if outcome == "no_match" and proof is not None:
        told.append(words["seen"])
    return " ".join(told)
