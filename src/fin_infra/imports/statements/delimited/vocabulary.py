"""What banks call their columns, and the words they put in them, in the languages that were met.
Floor 4: exact names only, compared without capitals; a name that is not here is not guessed from a part of it."""

from __future__ import annotations

import re
from collections.abc import Mapping


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split("|"))


ROLES: Mapping[str, tuple[str, ...]] = {
    "date": _words(
        "posting date|posted date|post date|date posted|booking date|booked|date booked|completed date|date|"
        "transaction date|trans date|trans. date|tran date|buchungstag|buchungsdatum|buchung|datum|boekdatum|"
        "transactiedatum|date de comptabilisation|date comptable|date operation|date opération|date d'opération|"
        "dateop|fecha|fecha operacion|fecha operación|fecha contable|data|data contabile|data operazione|"
        "data movimento|bokföringsdatum|bokföringsdag|bokført|bogføringsdato|dato|datum operacije|data operacji|"
        "data księgowania|datum zaúčtování|päivä|kirjauspäivä|value date|valutadatum"
    ),
    "occurred": _words(
        "transaction date|trans date|trans. date|purchase date|date of purchase|started date|umsatztag|"
        "transaktionsdatum|date transaction|effective date"
    ),
    "amount": _words(
        "amount|transaction amount|net amount|net|amt|value|betrag|umsatz|bedrag|montant|importe|importo|belopp|"
        "beløb|beløp|kwota|kwota operacji|částka|summa|määrä|valor|quantia|payment amount|amount in account currency|"
        "money in/out|debit/credit amount"
    ),
    "debit": _words(
        "debit|debits|debit amount|amount debit|withdrawal|withdrawals|withdrawal amount|money out|paid out|outflow|"
        "payments|dr|soll|belastung|lastschrift|debet|af|débit|cargo|cargos|addebiti|dare|uscite|uttag|ut|spent|"
        "withdrawal (-)|expense|amount out|out"
    ),
    "credit": _words(
        "credit|credits|credit amount|amount credit|deposit|deposits|deposit amount|money in|paid in|inflow|receipts|"
        "cr|haben|gutschrift|kredit|bij|crédit|abono|abonos|accrediti|avere|entrate|insättning|in|inn|received|"
        "deposit (+)|income|amount in"
    ),
    "balance": _words(
        "balance|running balance|running bal.|running bal|closing balance|account balance|balance after|"
        "current balance|resulting balance|saldo|kontostand|saldo nach buchung|saldo na mutatie|solde|"
        "saldo contabile|zůstatek|saldo po operacji|saldo disponible"
    ),
    "description": _words(
        "description|transaction description|details|transaction details|narrative|narration|particulars|payee|"
        "merchant|merchant name|name|payee name|counter party|counterparty|counterparty name|beneficiary|"
        "auftraggeber/empfänger|empfänger|empfaenger|zahlungsempfänger|name zahlungsbeteiligter|"
        "beguenstigter/zahlungspflichtiger|begünstigter / auftraggeber|buchungstext|omschrijving|naam / omschrijving|"
        "naam tegenpartij|libellé|libelle|label|concepto|descripcion|descripción|descrizione|causale|text|tekst|"
        "beskrivning|beskrivelse|meddelande|rubrik|opis|opis operacji|popis|transaction|remarks|verwendungszweck|"
        "desc|memo|original description"
    ),
    "memo": _words(
        "memo|notes|note|reference text|payment reference|verwendungszweck|mededelingen|original description|"
        "additional information|message|comment|remarks|communication|vrije mededeling"
    ),
    "currency": _words(
        "currency|currency code|ccy|währung|waehrung|munt|valuta code|valutacode|devise|divisa|moneda|valuta|waluta|"
        "měna|account currency|monn."
    ),
    "account": _words(
        "account number|account no|account no.|account|account name|auftragskonto|iban auftragskonto|"
        "iban auftraggeberkonto|rekening|rekeningnummer|numéro de compte|compte|account id|kontonummer"
    ),
    "id": _words(
        "transaction id|transaction number|id|fitid|unique id|reference number|transactionid|transaktions-id|"
        "transaction reference"
    ),
    "check_number": _words("check number|check #|check no|check or slip #|check|cheque number|cheque no"),
    "type_text": _words(
        "type|transaction type|umsatztyp|umsatzart|vorgang|mutatiesoort|transactietype|transaktionstyp|category|"
        "kategorie|kategori|catégorie"
    ),
    "indicator": _words(
        "debit/credit|credit/debit|dr/cr|cr/dr|d/c|c/d|af bij|soll/haben|s/h|creditdebet|credit debit indicator|"
        "debit or credit|direction|sign|details|transaction type|type|bij/af|débit/crédit|debet/kredit"
    ),
    "status": _words("status|state|transaction status|info|stato|statut|estado"),
    "fee": _words("fee|fees|fee amount|total fees|gebühr|kosten|frais|comision|comisión"),
}
"""For each role the names that a column of it may have; where several are there, the one that comes first here."""
OWN_ACCOUNT = frozenset(
    _words("account number|account name|auftragskonto|iban auftragskonto|iban auftraggeberkonto|rekeningnummer")
)
"""Names of the account that the file is about; the others are the other side's at some banks."""
MONEY_OUT = frozenset(
    _words(
        "d|dr|db|debit|debet|dbit|af|s|soll|out|outgoing|withdrawal|belastung|lastschrift|ausgang|débit|debito|débito|"
        "cargo|ut|-|minus|expense|debe|dare|purchase|charge"
    )
)
MONEY_IN = frozenset(
    _words(
        "c|cr|k|credit|kredit|crdt|bij|h|haben|in|incoming|deposit|gutschrift|eingang|crédit|credito|crédito|abono|"
        "inn|+|plus|income|haber|avere"
    )
)
PENDING = frozenset(
    _words(
        "pending|in progress|processing|authorised|authorized|authorization|vorgemerkt|umsatz vorgemerkt|"
        "en attente|pendiente|in behandeling|reserved|reserviert|nicht gebucht|unposted|in attesa|reserverat"
    )
)
VOID = frozenset(
    _words(
        "reverted|declined|failed|cancelled|canceled|rejected|expired|denied|storniert|abgelehnt|voided|void|refused|"
        "removed|annulé|rechazado"
    )
)
CARD_PAYMENT = re.compile(
    r"thank you|payment received|payment - thank|zahlung erhalten|payment recv|merci de votre paiement", re.I
)
"""How card banks thank for a payment; no other account has such rows."""
ACCOUNT_LABELS = _words(
    "iban|account number|account no|account|konto|kontonummer|auftragskonto|rekening|compte|numéro de compte|cuenta"
)
CURRENCY_LABELS = frozenset(_words("currency|währung|waehrung|devise|valuta|munt|moneda"))
