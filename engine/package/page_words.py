"""What a sealed page says, in the language of the case."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Your data, sealed",
        "what": "This page holds the answer to your request, encrypted. It is opened here, in your browser; nothing is sent anywhere, "
        "and you may disconnect from the internet first.",
        "passphrase": "Passphrase",
        "hint": "20 letters and digits that reached you another way than this page, such as by letter or telephone. Capitals, hyphens and "
        "blanks make no difference.",
        "open": "Open the package",
        "loading": "The page is still loading.",
        "ready": "",
        "working": "Opening: part {n} of {count}.",
        "wrong": "This passphrase does not open the page. Compare it sign by sign: 0 and 1, I and O are never in it. If it is right, the "
        "page was changed.",
        "cut": "This page is cut: part {n} of {count} is missing or not whole. Get it again from whoever sent it.",
        "changed": "This page was changed: part {n} of {count} is not what was sealed. Do not use it; get it again from whoever sent it.",
        "old": "This browser cannot open the page here. Save it to your computer and open it from there, in a current Firefox, Chrome, "
        "Edge or Safari.",
        "done": "Opened. Three steps are left:",
        "save": "Save {name}",
        "step_unpack": "Unpack it: on Windows by a right click and “Extract all”, on a Mac by a double click.",
        "step_read": "In the folder that appears, open index.html. It says what was found, what is missing, and how to check that "
        "nothing was changed.",
        "no_script": "Your browser does not run scripts on this page, and nothing else can decrypt it. Allow scripts for this file, or "
        "ask whoever sent it for a zip.",
        "keep": "What you save is no longer encrypted. Keep it where only you can read it.",
    },
    "de": {
        "title": "Ihre Daten, versiegelt",
        "what": "Diese Seite enthält die Antwort auf Ihre Anfrage, verschlüsselt. Sie wird hier in Ihrem Browser geöffnet; nichts wird "
        "gesendet, und Sie können die Verbindung zum Internet vorher trennen.",
        "passphrase": "Kennwort",
        "hint": "20 Buchstaben und Ziffern, die Sie auf anderem Weg als diese Seite erhalten haben, etwa per Brief oder Telefon. Groß- "
        "und Kleinschreibung, Bindestriche und Leerzeichen sind gleichgültig.",
        "open": "Paket öffnen",
        "loading": "Die Seite wird noch geladen.",
        "ready": "",
        "working": "Wird geöffnet: Teil {n} von {count}.",
        "wrong": "Dieses Kennwort öffnet die Seite nicht. Vergleichen Sie es Zeichen für Zeichen: 0 und 1, I und O kommen nie darin vor. "
        "Ist es richtig, so wurde die Seite verändert.",
        "cut": "Diese Seite ist abgeschnitten: Teil {n} von {count} fehlt oder ist nicht vollständig. Lassen Sie sie sich noch einmal "
        "senden.",
        "changed": "Diese Seite wurde verändert: Teil {n} von {count} ist nicht, was versiegelt wurde. Verwenden Sie sie nicht; lassen Sie "
        "sie sich noch einmal senden.",
        "old": "Dieser Browser kann die Seite hier nicht öffnen. Speichern Sie sie auf Ihrem Rechner und öffnen Sie sie von dort, mit "
        "einem aktuellen Firefox, Chrome, Edge oder Safari.",
        "done": "Geöffnet. Es bleiben drei Schritte:",
        "save": "{name} speichern",
        "step_unpack": "Entpacken Sie es: unter Windows mit Rechtsklick und „Alle extrahieren“, auf dem Mac mit Doppelklick.",
        "step_read": "Öffnen Sie in dem Ordner, der erscheint, index.html. Dort steht, was gefunden wurde, was fehlt, und wie Sie "
        "prüfen, dass nichts verändert wurde.",
        "no_script": "Ihr Browser führt auf dieser Seite keine Skripte aus, und ohne sie kann sie nicht entschlüsselt werden. Erlauben Sie "
        "Skripte für diese Datei, oder bitten Sie den Absender um ein Zip.",
        "keep": "Was Sie speichern, ist nicht mehr verschlüsselt. Bewahren Sie es dort auf, wo nur Sie es lesen können.",
    },
}
