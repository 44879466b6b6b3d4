"""Time the CAMT import: 50,000 entries, against an iterparse walk that reads every text, and against pycamt.

Run: python benchmarks/camt.py [entries]. Prints medians of rounds taken in turns; trust the ratios, not the seconds.
pycamt is timed on a tenth of the entries: its time grows with their number, and it is the slowest by far.
"""

from __future__ import annotations

import sys
from io import BytesIO

from lxml import etree
from ofx import medians
from pycamt.parser import Camt053Parser

from fin_infra.imports.statements import read_statement

_ENTRY = """<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><RvslInd>false</RvslInd><Sts>BOOK</Sts>
<BookgDt><Dt>2026-01-{day:02}</Dt></BookgDt><ValDt><Dt>2026-01-{day:02}</Dt></ValDt>
<AcctSvcrRef>2026{number:012}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd>
</Fmly></Domn><Prtry><Cd>NTRF+116</Cd></Prtry></BkTxCd><NtryDtls><TxDtls><Refs><MsgId>M{number}</MsgId>
<EndToEndId>E2E-{number:08}</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>
<RltdPties><Dbtr><Nm>Household</Nm></Dbtr><DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct>
<Cdtr><Nm>Corner shop {shop}</Nm></Cdtr><CdtrAcct><Id><IBAN>DE02120300000000202051</IBAN></Id></CdtrAcct></RltdPties>
<RltdAgts><CdtrAgt><FinInstnId><BIC>BYLADEM1001</BIC></FinInstnId></CdtrAgt></RltdAgts>
<RmtInf><Ustrd>Invoice {number:08} of January</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
"""


def document(entries: int) -> bytes:
    """Write a statement that adds up."""
    cents = [100 + number * 37 % 90_000 for number in range(entries)]
    body = "".join(
        _ENTRY.format(amount=f"{cent // 100}.{cent % 100:02}", day=1 + number % 28, number=number, shop=number % 300)
        for number, cent in enumerate(cents)
    )

    def balance(code: str, cent: int) -> str:
        sign = "DBIT" if cent < 0 else "CRDT"
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{abs(cent) // 100}."
            f"{abs(cent) % 100:02}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>2026-01-31</Dt></Dt></Bal>"
        )

    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">'
        "<BkToCstmrStmt><GrpHdr><MsgId>1</MsgId><CreDtTm>2026-01-31T18:00:00</CreDtTm></GrpHdr><Stmt><Id>1</Id>"
        "<CreDtTm>2026-01-31T18:00:00</CreDtTm><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balance('OPBD', 500_000)}{balance('CLBD', 500_000 - sum(cents))}{body}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def walk(data: bytes) -> int:
    """Read every text in flat memory: the usual loop over iterparse, which clears what it has seen."""
    texts = 0
    for _, element in etree.iterparse(BytesIO(data)):
        texts += bool(element.text)
        element.clear()
    return texts


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    data, few = document(entries), document(max(entries // 10, 1))
    read = sum(len(statement.lines) for statement in read_statement(data).statements)
    if read != entries:
        raise SystemExit(f"{read} entries read of {entries}: the times below would mean nothing")
    bare, ours = medians([lambda: walk(data), lambda: read_statement(data)])
    small, theirs = medians([lambda: read_statement(few), lambda: Camt053Parser(few).get_transactions()], rounds=3)
    print(f"{entries} entries, {len(data) / 1e6:.1f} MB")
    print(f"iterparse walk, every text        {bare:7.3f} s")
    print(f"read_statement, typed and proved  {ours:7.3f} s  {ours / bare:5.2f} x the walk (bound 1.5)")
    print(f"pycamt, a tenth of the entries    {theirs:7.3f} s  {theirs / small:5.1f} x as long as we take (bound 5)")


if __name__ == "__main__":
    main()
