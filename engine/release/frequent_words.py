"""Words that stand in any record and on any page, English and German: a value that is one of them is looked for as a whole value only.

Nothing but words of a language: no number, no address, no name of a person.
"""

from __future__ import annotations

import re

FREQUENT_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    abgelehnt abgeschlossen absent abteilung accept accepted access account accounts action actions active activity address addresses
    administration administrator adresse agenda aktuell allgemein allowed always amount android anfrage angebot angenommen anhang anrufe
    answer answered antwort antworten arbeit archiv archive archived assistant attachment attended attendee aufgabe aufgaben aufnahme
    aufzeichnung ausgehend ausland auswahl automatisch available average backup beantwortet bearbeitet beendet benachrichtigung benutzer
    bereich bericht beschreibung besprechung besprechungen bestellung bestellungen betrag betreff between bezahlt billing blocked
    browser business calendar called callee caller campaign cancel canceled cancelled category center central channel charge checkout
    client closed collection comment comments commit common company complete completed conference confirmed connect connected connection
    contact contacts content copied country created creator currency current custom customer customers dashboard database dateien
    december default delete deleted delivered delivery department description desktop detail details deutsch device devices dienst
    dienstag digital direct direction directory disabled display document documents dokument dokumente domain donnerstag download
    dringend duration durchwahl during editor effective eingehend einkauf einladung einstellung einstellungen eintrag empfänger employee
    enabled encrypted endgerät engineering englisch enterprise entwicklung ergebnis erledigt erreichbar erstellt events everybody
    everyone example excluded expired export extension extern external failed family favorite feature february feedback fehler female
    finance finished folder follow-up following format forward forwarded freigabe freitag friday führung gelöscht gemeinsam general
    german geräte geschlossen geschäftlich gesendet gespeichert gesperrt gestern geöffnet groups gruppe gruppen hidden hinweis history
    holiday hourly identifier important inactive inbound incoming information informationen inhalt install instant integer integration
    intern internal international internet invalid invited invoice issues italian january jährlich kalender kategorie kennwort kommentar
    konferenz kontakt kontakte kosten kunden kündigung language latest leader leitung length library license licensed lieferung limited
    linked listed location locked logged mailbox maintenance management manager manual manuell marketing master maximum meeting meetings
    member members message messages method minimum minutes missed missing mitarbeiter mitglied mitglieder mittwoch mobile mobiltelefon
    modified module monatlich monday montag monthly morgen nachricht nachrichten national native network newsletter niemand normal
    notice notification november number numbers nummer nutzer object october office offline online opened operations operator option
    optional options orders ordner original others outbound outgoing overview package partial participant participants password payment
    pending people permanent permission person personal persönlich picture pinned planning platform policy position postal premium
    present previous primary priority priorität privat private process product production products produkt produktion profil profile
    program programm project projects projekt projekte protected protokoll provider prüfung public published purchase quality quarterly
    quelle question random reason received rechnung rechnungen recipient record recorded recording recordings recurring refunded region
    registered registriert rejected release removed report reports request required research resource response restricted result results
    review revoked running rückmeldung rückruf samstag saturday scheduled schulung search seconds secret section security select sender
    senior september server service services session settings severity shared shipping sicherheit signed simple single sitzung software
    solved sonntag source spanish speaker special sprache sprachnachricht standard standort started status stopped storage strategy
    straße street student stunde stunden subject submitted subscribed subscriber success successful summary sunday support suspended
    system tablet technical technik teilnehmer telefon telefonnummer telephone template temporary termin termine testing thursday ticket
    tickets timezone together tomorrow tracking training transfer transferred travel tuesday täglich umsatz unbekannt ungelesen unknown
    unlimited unread unternehmen unterstützung update updated updates upload uploaded urgent urlaub username vergangen verified verkauf
    verpasst verschoben version vertrag vertrieb verwaltung viewed viewer visible visitor voicemail vorgang vorlage waiting warehouse
    warten webinar webinars website wednesday weekend weekly weitergeleitet welcome wichtig window windows withheld without worker
    workspace writer wöchentlich yearly yesterday zahlung zeitzone zentrale zugang zukunft zurückgehalten zusammenfassung zustand
    öffentlich übersicht
    """,
    )
)
