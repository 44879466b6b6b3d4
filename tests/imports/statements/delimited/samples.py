"""Small files in the shape of known banks' exports: column names from the layout's public source, rows invented here.

Each has the values that a person reads from it: day, amount, description of the first transaction, how many there are,
currency and account, what the balances are, how many are pending.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    layout: str
    text: str
    first: tuple[str, str, str]
    """Day, amount, description."""
    count: int
    currency: str
    account: str = "4711"
    opening: str | None = None
    closing: str | None = None
    pending: int = 0
    encoding: str = "utf-8"


def _lines(*lines: str, end: str = "\n") -> str:
    return end.join(lines) + end


SAMPLES = (
    Sample(
        "Chase checking or savings",
        _lines(
            "Details,Posting Date,Description,Amount,Type,Balance,Check or Slip #",
            'DEBIT,09/30/2026,"POWER CO PAYMENT",-46.21,ACH_DEBIT,4504.15,,',
            'CREDIT,09/30/2026,"Rent, Income",3400.65,ACH_CREDIT,4550.36,,',
            'CHECK,09/12/2026,"CHECK 101",-23.20,CHECK_PAID,1149.71,101,',
        ),
        ("2026-09-30", "-46.21", "POWER CO PAYMENT"),
        3,
        "USD",
        opening="1172.91",
        closing="4504.15",
    ),
    Sample(
        "Chase credit card",
        _lines(
            "Transaction Date,Post Date,Description,Category,Type,Amount,Memo",
            "09/12/2026,09/13/2026,TRAIN TICKET,Travel,Sale,-23.45,",
            "09/12/2026,09/13/2026,TRAIN TICKET,Travel,Sale,-23.45,",
            "09/10/2026,09/10/2026,Payment Thank You-Mobile,,Payment,1200.00,",
        ),
        ("2026-09-13", "-23.45", "TRAIN TICKET"),
        3,
        "USD",
    ),
    Sample(
        "Bank of America checking or savings",
        _lines(
            "Description,,Summary Amt.",
            'Beginning balance as of 01/01/2026,,"1,000.00"',
            'Total credits,,"2,500.00"',
            'Total debits,,"-112.34"',
            'Ending balance as of 01/31/2026,,"3,387.66"',
            "",
            "Date,Description,Amount,Running Bal.",
            '01/01/2026,Beginning balance as of 01/01/2026,,"1,000.00"',
            '01/02/2026,"SHOP","-112.34","887.66"',
            '01/31/2026,"PAYROLL","2,500.00","3,387.66"',
        ),
        ("2026-01-02", "-112.34", "SHOP"),
        2,
        "USD",
        opening="1000.00",
        closing="3387.66",
    ),
    Sample(
        "Capital One credit card",
        _lines(
            "Transaction Date,Posted Date,Card No.,Description,Category,Debit,Credit",
            "2026-01-02,2026-01-03,1234,AIRLINE,Other Travel,1000.00,",
            "2026-01-05,2026-01-05,1234,CAPITAL ONE AUTOPAY PYMT,Payment/Credit,,1000.00",
        ),
        ("2026-01-03", "-1000.00", "AIRLINE"),
        2,
        "USD",
    ),
    Sample(
        "American Express (United States)",
        _lines(
            "Date,Description,Amount,Extended Details,Appears On Your Statement As,Address,City/State,Zip Code,Country,"
            "Reference,Category",
            '01/15/2026,BOOKS,45.99,"two\nlines",BOOKS,1 Street,"Town\nWA",98109,UNITED STATES,\'3201\',Merchandise',
            "01/20/2026,AUTOPAY PAYMENT - THANK YOU,-500.00,,,,,,,'3202',",
        ),
        ("2026-01-15", "-45.99", "BOOKS"),
        2,
        "USD",
    ),
    Sample(
        "Discover card",
        _lines(
            "Trans. Date,Post Date,Description,Amount,Category",
            "01/25/2026,01/26/2026,MARKET,103.87,Supermarkets",
            "01/27/2026,01/27/2026,INTERNET PAYMENT - THANK YOU,-180.00,Payments and Credits",
        ),
        ("2026-01-26", "-103.87", "MARKET"),
        2,
        "USD",
    ),
    Sample(
        "Schwab bank, checking",
        _lines(
            '"Transactions  for Checking account ...000 as of 05/10/2026 01:41:36 PM ET"',
            '"Date","Type","Check #","Description","Withdrawal (-)","Deposit (+)","RunningBalance"',
            '"Pending Transactions"',
            '"Total Pending Check and other Credit(s)","","","","","$0.00",""',
            '"05/09/2026","","","FRUIT CASH","$130.00","",""',
            '"05/09/2026","","","FRUIT CASH","$15.00","",""',
            '"Posted Transactions"',
            '"04/30/2026","INTADJUST","","Interest Paid","","$1.00","$3,951.00"',
            '"04/25/2026","VISA","","Grocery Store","$50.00","","$3,950.00"',
            '"04/20/2026","TRANSFER","","Funds Transfer","$1,000.00","","$4,000.00"',
        ),
        ("2026-04-30", "1.00", "Interest Paid"),
        3,
        "USD",
        opening="5000.00",
        closing="3951.00",
        pending=2,
    ),
    Sample(
        "Digital Federal Credit Union",
        _lines(
            '"DATE","TRANSACTION TYPE","DESCRIPTION","AMOUNT","ID","MEMO","CURRENT BALANCE"',
            '"12/31/2026","DEBIT","TRANSFER","-$7,971.39","dwA4","","$500.00"',
            '"12/30/2026","CREDIT","DEPOSIT","$6,000.36","VwB0","","$8,471.39"',
        ),
        ("2026-12-31", "-7971.39", "TRANSFER"),
        2,
        "USD",
        opening="2471.03",
        closing="500.00",
    ),
    Sample(
        "Wells Fargo",
        _lines(
            '"12/04/2026","-12.07","*","","CHECK CRD PURCHASE 12/02 SHOP"',
            '"12/04/2026","-789.00","*","2392","CHECK # 2392"',
        ),
        ("2026-12-04", "-12.07", "CHECK CRD PURCHASE 12/02 SHOP"),
        2,
        "USD",
    ),
    Sample(
        "ING (Germany) with balance",
        _lines(
            "Umsatzanzeige;Datei erstellt am: 07.03.2026 13:18",
            ";Letztes Update: aktuell",
            "",
            "IBAN;DE12 3456 7890 1234 5678 95",
            "Kontoname;Girokonto",
            "Saldo;1172,12;EUR",
            "",
            "In der CSV-Datei finden Sie alle bereits gebuchten Umsätze.",
            "",
            "Buchung;Valuta;Auftraggeber/Empfänger;Buchungstext;Verwendungszweck;Saldo;Währung;Betrag;Währung",
            "09.01.2026;09.01.2026;Bäcker;Lastschrift;Brot;1.188,32;EUR;-1,62;EUR",
            "06.01.2026;06.01.2026;Arbeit;Gutschrift;Lohn;1.189,94;EUR;16,20;EUR",
            end="\r\n",
        ),
        ("2026-01-09", "-1.62", "Bäcker"),
        2,
        "EUR",
        account="DE12 3456 7890 1234 5678 95",
        opening="1173.74",
        closing="1188.32",
        encoding="cp1252",
    ),
    Sample(
        "ING (Germany)",
        _lines(
            "Umsatzanzeige;Datei erstellt am: 28.12.2026 16:57",
            "IBAN;DE12 3456 7890 1234 5678 90",
            "",
            "Buchung;Valuta;Auftraggeber/Empfänger;Buchungstext;Verwendungszweck;Betrag;Währung",
            "28.12.2026;28.12.2026;Bad;Lastschrift;Blumen;-5,49;EUR",
        ),
        ("2026-12-28", "-5.49", "Bad"),
        1,
        "EUR",
        account="DE12 3456 7890 1234 5678 90",
        encoding="latin-1",
    ),
    Sample(
        "DKB account",
        "\ufeff"
        + _lines(
            '"Girokonto";"DE99999999999999999999"',
            '""',
            '"Kontostand vom 30.06.2026:";"5.001,01 EUR"',
            '""',
            '"Buchungsdatum";"Wertstellung";"Status";"Zahlungspflichtige*r";"Zahlungsempfänger*in";"Verwendungszweck";'
            '"Umsatztyp";"IBAN";"Betrag (€)";"Gläubiger-ID";"Mandatsreferenz";"Kundenreferenz"',
            '"15.06.26";"15.06.26";"Gebucht";"ISSUER";"MARKT//ORT/DE";"DANKE";"Ausgang";"DE00";"-8,67";"";"";"1"',
            '"01.06.26";"01.06.26";"Gebucht";"FIRMA";"MUSTER";"Lohn";"Eingang";"DE00";"1.000,0";"";"";""',
            '"16.06.26";"16.06.26";"Vorgemerkt";"ISSUER";"KIOSK";"";"Ausgang";"";"-1";"";"";""',
        ),
        ("2026-06-15", "-8.67", "MARKT//ORT/DE"),
        2,
        "EUR",
        account="DE99999999999999999999",
        pending=1,
    ),
    Sample(
        "comdirect account",
        _lines(
            ";",
            '"Umsätze Girokonto";"Zeitraum: 30 Tage";',
            '"Neuer Kontostand";"97,93 EUR";',
            "",
            '"Buchungstag";"Wertstellung (Valuta)";"Vorgang";"Buchungstext";"Umsatz in EUR";',
            '"offen";"--";"Karte";"Kino";"-9,00";',
            '"27.10.2026";"27.10.2026";"Lastschrift / Belastung";"Miete";"-1.066,99";',
        ),
        ("2026-10-27", "-1066.99", "Miete"),
        1,
        "EUR",
        encoding="iso8859-15",
    ),
    Sample(
        "Sparkasse, CSV-CAMT",
        _lines(
            '"Auftragskonto";"Buchungstag";"Valutadatum";"Buchungstext";"Verwendungszweck";"Glaeubiger ID";'
            '"Mandatsreferenz";"Kundenreferenz (End-to-End)";"Sammlerreferenz";"Lastschrift Ursprungsbetrag";'
            '"Auslagenersatz Ruecklastschrift";"Beguenstigter/Zahlungspflichtiger";"Kontonummer/IBAN";'
            '"BIC (SWIFT-Code)";"Betrag";"Waehrung";"Info"',
            '"DE13";"17.04.26";"17.04.26";"KARTENZAHLUNG";"Karte";"";"";"541";"";"";"";"LADEN";"DE14";"BIC";"-64,90";'
            '"EUR";"Umsatz gebucht"',
            '"DE13";"18.04.26";"18.04.26";"KARTENZAHLUNG";"Karte";"";"";"";"";"";"";"APOTHEKE";"";"";"-12,30";'
            '"EUR";"Umsatz vorgemerkt"',
        ),
        ("2026-04-17", "-64.90", "LADEN"),
        1,
        "EUR",
        account="DE13",
        pending=1,
    ),
    Sample(
        "Volksbank or Raiffeisenbank",
        _lines(
            "Bezeichnung Auftragskonto;IBAN Auftragskonto;BIC Auftragskonto;Bankname Auftragskonto;Buchungstag;"
            "Valutadatum;Name Zahlungsbeteiligter;IBAN Zahlungsbeteiligter;BIC (SWIFT-Code) Zahlungsbeteiligter;"
            "Buchungstext;Verwendungszweck;Betrag;Waehrung;Saldo nach Buchung;Bemerkung;Gekennzeichneter Umsatz;"
            "Glaeubiger ID;Mandatsreferenz",
            "Konto;DE01;BIC;Bank;10.03.2026;10.03.2026;T3;DE09;B;Type;D3;30,00;EUR;210,00;;;;",
            "Konto;DE01;BIC;Bank;10.03.2026;10.03.2026;T2;DE09;B;Type;D2;-20,00;EUR;180,00;;;;",
        ),
        ("2026-03-10", "30.00", "T3"),
        2,
        "EUR",
        account="DE01",
        opening="200.00",
        closing="210.00",
    ),
    Sample(
        "GLS Bank",
        _lines(
            "Kontonummer;Buchungstag;Wertstellung;Auftraggeber/Empfänger;Buchungstext;"
            + ";".join(f"VWZ{number}" for number in range(1, 15))
            + ";Betrag;Kontostand;Währung",
            '1234567890;10.10.2026;10.10.2026;Funk AG;"SEPA";B4658645;Rechnung;;;;;;;;;;;;;-98,76;1.234,56;EUR',
        ),
        ("2026-10-10", "-98.76", "Funk AG"),
        1,
        "EUR",
        account="1234567890",
        closing="1234.56",
    ),
    Sample(
        "Commerzbank",
        _lines(
            "Buchungstag;Wertstellung;Umsatzart;Buchungstext;Betrag;Währung;Auftraggeberkonto;"
            "Bankleitzahl Auftraggeberkonto;IBAN Auftraggeberkonto",
            '02.03.2026;02.03.2026;Lastschrift;"Kartenzahlung MARKT";-17,22;EUR;538917600;20040000;DE44',
        ),
        ("2026-03-02", "-17.22", "Kartenzahlung MARKT"),
        1,
        "EUR",
        account="DE44",
    ),
    Sample(
        "N26 (German names)",
        _lines(
            "Datum,Empfänger,Kontonummer,Transaktionstyp,Verwendungszweck,Kategorie,Betrag (EUR),Betrag (Fremdwährung),"
            "Fremdwährung,Wechselkurs",
            "2026-10-01,SPIELE,,MasterCard Zahlung,,Medien,-59.99,-65.00,USD,1.0835",
        ),
        ("2026-10-01", "-59.99", "SPIELE"),
        1,
        "EUR",
    ),
    Sample(
        "ING (Netherlands), Mutatiesoort",
        _lines(
            '"Datum","Naam / Omschrijving","Rekening","Tegenrekening","Code","Af Bij","Bedrag (EUR)","MutatieSoort",'
            '"Mededelingen"',
            '"20260503","Hr A","NL01INGB0123456789","NL01RABO0123456789","GT","Bij","15,00","Online bankieren","Bier"',
            '"20260502","M.C.","NL01INGB0123456789","NL44BUNQ0123456789","GT","Af","1.035,00","Online bankieren","L"',
        ),
        ("2026-05-03", "15.00", "Hr A"),
        2,
        "EUR",
        account="NL01INGB0123456789",
    ),
    Sample(
        "ING (Netherlands), English",
        _lines(
            '"Date";"Name / Description";"Account";"Counterparty";"Code";"Debit/credit";"Amount (EUR)";'
            '"Transaction type";"Notifications";"Resulting balance";"Tag"',
            '"20260426";"Payee";"NL76INGB0123456789";"DE2";"ID";"Debit";"45,14";"iDEAL";"Name";"1,46";""',
            '"20260426";"Other";"NL76INGB0123456789";"";"BA";"Debit";"40,18";"Terminal";"T";"46,60";""',
        ),
        ("2026-04-26", "-45.14", "Payee"),
        2,
        "EUR",
        account="NL76INGB0123456789",
        opening="86.78",
        closing="1.46",
    ),
    Sample(
        "Rabobank",
        _lines(
            '"IBAN/BBAN","Munt","BIC","Volgnr","Datum","Rentedatum","Bedrag","Saldo na trn",'
            '"Tegenrekening IBAN/BBAN","Naam tegenpartij","Naam uiteindelijke partij","Naam initiërende partij",'
            '"BIC tegenpartij","Code","Batch ID","Transactiereferentie","Machtigingskenmerk","Incassant ID",'
            '"Betalingskenmerk","Omschrijving-1","Omschrijving-2","Omschrijving-3","Reden retour","Oorspr bedrag",'
            '"Oorspr munt","Koers"',
            '"NL77","EUR","RABONL2U","9565","2026-03-01","2026-03-01","-337,49","+5257,28","31","","","","","db","","",'
            '"","","","RENTE LENING"," ","","","","",""',
            '"NL77","EUR","RABONL2U","9566","2026-03-14","2026-03-14","+50,00","+5307,28","NL62","Loterij","","",'
            '"INGB","cb","","1","","","","Gewonnen"," ","","","","",""',
        ),
        ("2026-03-01", "-337.49", "RENTE LENING"),
        2,
        "EUR",
        account="NL77",
        opening="5594.77",
        closing="5307.28",
    ),
    Sample(
        "ABN AMRO, TXT",
        _lines(
            "123456789\tEUR\t20261230\t3025,00\t3000,00\t20261230\t-25,00\tBEA   NR:A1B23C   30.12.26/09.15 Winkel   ",
            "123456789\tEUR\t20261230\t3000,00\t3025,00\t20261230\t25,00\tBEA   TERUGBOEKING     ",
        ),
        ("2026-12-30", "-25.00", "BEA NR:A1B23C 30.12.26/09.15 Winkel"),
        2,
        "EUR",
        account="123456789",
        opening="3025.00",
        closing="3025.00",
    ),
    Sample(
        "bunq",
        _lines(
            '"Date","Amount","Account","Counterparty","Name","Description"',
            '"2026-12-06","-8,78","NL26BUNQ2025126409","","CLOUD","CLOUD 9.95 USD, 1 USD = 0.88241 EUR"',
            '"2026-12-06","8,78","NL26BUNQ2025126409","","CLOUD","Refund"',
        ),
        ("2026-12-06", "-8.78", "CLOUD"),
        2,
        "EUR",
        account="NL26BUNQ2025126409",
    ),
    Sample(
        "Knab",
        _lines(
            "KNAB EXPORT;;;;;;;;;;;;;;;;",
            "Rekeningnummer;Transactiedatum;Valutacode;CreditDebet;Bedrag;Tegenrekeningnummer;Tegenrekeninghouder;"
            "Valutadatum;Betaalwijze;Omschrijving;Type betaling;Machtigingsnummer;Incassant ID;Adres;Referentie;"
            "Boekdatum;",
            '"NL99";"21-06-2026";"EUR";"D";"827,75";"FR9";"Jan (FR)";"21-06-2026";"Overboeking";"T";"";"";"";"";"B9";'
            '"21-06-2026";',
            '"NL99";"19-06-2026";"EUR";"C";"2500";"99";"Jan";"19-06-2026";"Ontvangen";"";"";"";"";"";"C1";"19-06-2026";',
        ),
        ("2026-06-21", "-827.75", "Jan (FR)"),
        2,
        "EUR",
        account="NL99",
    ),
    Sample(
        "Triodos Bank (Netherlands)",
        _lines(
            '"02-11-2026","NL74TRIO0123456789","200,00","Debet","Iets","CBBRLV22 LV87","ET","customer No 1234"',
            '"02-11-2026","NL74TRIO0123456789","500,00","Credit","J.","MOYONL21 NL13","ET",""',
        ),
        ("2026-11-02", "-200.00", "Iets"),
        2,
        "EUR",
        account="NL74TRIO0123456789",
    ),
    Sample(
        "KBC",
        _lines(
            "Rekeningnummer;Rubrieknaam;Naam;Munt;Afschriftnummer;Datum;Omschrijving;Valuta;Bedrag;Saldo;credit;debet;"
            "rekeningnummer tegenpartij;BIC tegenpartij;Naam tegenpartij;Adres tegenpartij;gestructureerde mededeling;"
            "Vrije mededeling",
            "BE11;   ;JAN;EUR;  02018038;28/02/2026;BIJDRAGE     28-02;28/02/2026;-3,40;219,95;  ;-3,40;  ; ;  ;  ; ; ",
        ),
        ("2026-02-28", "-3.40", "BIJDRAGE 28-02"),
        1,
        "EUR",
        account="BE11",
        closing="219.95",
    ),
    Sample(
        "PostFinance",
        _lines(
            "Buchungsart:;Alle Buchungen",
            "Konto:;CH220900000000000000",
            "Währung:;CHF",
            "Buchungsdetails:;Ja",
            "Buchungsdatum;Avisierungstext;Gutschrift;Lastschrift;Valuta;Saldo",
            '2026-07-02;"MIETE";;-4200.00;2026-07-02;3825.00',
            '2026-07-01;"GIRO";25.00;;2026-07-01;8025.00',
            "",
            "Disclaimer:",
            "Dies ist kein durch PostFinance AG erstelltes Dokument.",
        ),
        ("2026-07-02", "-4200.00", "MIETE"),
        2,
        "CHF",
        account="CH220900000000000000",
        opening="8000.00",
        closing="3825.00",
    ),
    Sample(
        "UBS (French names)",
        _lines(
            "Produit;Monn.;Description;Date de comptabilisation;Description 1;Description 2;Description 3;"
            "N° de transaction;Débit;Crédit;Solde",
            "0123 45678901.23A;CHF;Compte;31.03.2026;Prestations;;;A012;10.00;;11'373.94",
            "0123 45678901.23A;CHF;Compte;28.02.2026;Virement;ASSOCIATION;Rue 1, GENEVE, CH;3456;;240.00;11'383.94",
        ),
        ("2026-03-31", "-10.00", "Prestations"),
        2,
        "CHF",
        account="0123 45678901.23A",
        opening="11143.94",
        closing="11373.94",
    ),
    Sample(
        "Lloyds Bank",
        _lines(
            "Transaction Date,Transaction Type,Sort Code,Account Number,Transaction Description,Debit Amount,"
            "Credit Amount,Balance,",
            "15/01/2026,DEB,'99-88-74,1515152252,Shop CD 14JAN26 ,8.99,,2040.59",
            "12/01/2026,FPI,'99-88-74,1515152252,HHHHH LTD,,2000,2049.58",
        ),
        ("2026-01-15", "-8.99", "Shop CD 14JAN26"),
        2,
        "GBP",
        account="1515152252",
        opening="49.58",
        closing="2040.59",
    ),
    Sample(
        "Nationwide",
        _lines(
            '"Account Name:","Smart Junior ISA ****07843"',
            '"Account Balance:","£3720.00"',
            '"Available Balance: ","£3720.00"',
            "",
            '"Date","Transaction type","Description","Paid out","Paid in","Balance"',
            '"21 Nov 2026","Transfer from","0275/636","","£120.00","£120.00"',
            '"25 Nov 2026","Transfer from","07-10-40 Credit 24 November 2026","","£3300.00","£3420.00"',
            end="\r\n",
        ),
        ("2026-11-21", "120.00", "0275/636"),
        2,
        "GBP",
        opening="0.00",
        closing="3420.00",
        encoding="latin-1",
    ),
    Sample(
        "NatWest",
        _lines(
            "Date,Type,Description,Value,Balance,Account Name,Account Number",
            '13/01/2026,POS,"\'4711 12JAN26 , SHOP",-4.50,95.50,"\'SMITH J","\'600000-12345678"',
        ),
        ("2026-01-13", "-4.50", "'4711 12JAN26 , SHOP"),
        1,
        "GBP",
        account="600000-12345678",
        closing="95.50",
    ),
    Sample(
        "Starling Bank",
        _lines(
            "Date,Counter Party,Reference,Type,Amount (GBP),Balance (GBP),Spending Category,Notes",
            "01/10/2026,Employer,SALARY,FASTER PAYMENT,1500.00,5500.00,INCOME,",
            "02/10/2026,Landlord,Rent,FASTER PAYMENT,-1000.00,4500.00,PAYMENTS,",
            "13/10/2026,Landlord,Rent,FASTER PAYMENT,-1000.00,3500.00,PAYMENTS,",
        ),
        ("2026-10-01", "1500.00", "Employer"),
        3,
        "GBP",
        opening="4000.00",
        closing="3500.00",
    ),
    Sample(
        "Monzo until 2018",
        _lines(
            "id,created,amount,currency,local_amount,local_currency,category,emoji,description,address,notes,receipt",
            "tx_0000,2026-02-25 12:34:56 +0000,-10,GBP,-10,GBP,general,,Shop,,,",
        ),
        ("2026-02-25", "-10", "Shop"),
        1,
        "GBP",
    ),
    Sample(
        "Wise balance statement",
        _lines(
            '"TransferWise ID",Date,Amount,Currency,Description,"Payment Reference","Running Balance","Exchange From",'
            '"Exchange To","Exchange Rate","Payer Name","Payee Name","Payee Account Number",Merchant,"Total fees"',
            'TRANSFER-1,24-08-2026,-357.38,USD,"Sent money","Moving",787.62,USD,EUR,0.84840,,"John","LT21",,11.35',
            "TRANSFER-1,24-08-2026,-11.35,USD,Charges,,1145.00,,,,,Wise,,,0",
            "TRANSFER-2,23-08-2026,1156.35,USD,Topped up,,1156.35,,,,,,,,0",
        ),
        ("2026-08-24", "-357.38", "John"),
        3,
        "USD",
        opening="0.00",
        closing="787.62",
    ),
    Sample(
        "Payoneer",
        _lines(
            "Transaction Date,Transaction Time,Time Zone,Transaction ID,Description,Credit Amount,Debit Amount,"
            "Currency,Transfer Amount,Transfer Amount Currency,Status,Running Balance,Additional Description,"
            "Store Name,Source,Target,Reference ID",
            "05/23/2026,12:31:46,UTC,123,Out,,100,USD,,,Completed,200,more,,payer,payee,",
            "05/23/2026,12:08:31,UTC,1234,In,120,,USD,,,Completed,300,more,,payer,payee,",
        ),
        ("2026-05-23", "-100", "Out"),
        2,
        "USD",
        opening="180",
        closing="200",
    ),
)
