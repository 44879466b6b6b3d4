"""Cleaning: what a bank prints, and the merchant in it, read by a person."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.insights.categories import clean
from tests.support.effort import effort


@pytest.mark.parametrize(
    ("printed", "merchant"),
    [
        ("SQ *BLUE BOTTLE COFFEE #0042 OAKLAND CA", "BLUE BOTTLE COFFEE"),
        ("TST* OLIVETTO RISTORANTE", "OLIVETTO RISTORANTE"),
        ("PAYPAL *SPOTIFY USA 402-935-7733 CA", "SPOTIFY USA"),
        ("SQ *SQ *JOE 12/03 CARD 4411", "JOE"),
        ("STARBUCKS STORE 00412 SEATTLE WA", "STARBUCKS"),
        ("AMZN Mktp US*2K3AB1", "AMZN MKTP"),
        ("Amazon.com*MK3AB12 AMZN.COM/BILL WA", "AMAZON"),
        ("NETFLIX.COM LOS GATOS CA", "NETFLIX"),
        ("WAL-MART #1234 RENO NV", "WAL-MART"),
        ("POS DEBIT VISA CHECK CARD 1234 TARGET T-0832 DENVER CO", "TARGET"),
        ("CHECKCARD 1103 WHOLEFDS MKT 10234 AUSTIN TX", "WHOLEFDS MKT"),
        ("PURCHASE AUTHORIZED ON 11/03 SHELL OIL 57442 PHOENIX AZ", "SHELL OIL"),
        ("ACME CORP DES:PAYROLL ID:99 INDN:J DOE", "ACME"),
        ("7-ELEVEN 33211 MESA AZ", "7-ELEVEN"),
        ("H&M 0412 NEW YORK NY", "H&M"),
        ("BLUE COMAL TACOS AUSTIN TX", "BLUE COMAL TACOS"),
        ("KROGER #512 DAYTON OH", "KROGER"),
        ("T-MOBILE 800-937-8997", "T-MOBILE"),
        ("Café Zoë 12/03", "CAFE ZOE"),
        ("IN N OUT BURGER 112 FRESNO CA", "IN N OUT BURGER"),
        ("3M COMPANY", "3M COMPANY"),
        ("", ""),
        ("  \t ", ""),
        ("12345", ""),
        ("*", ""),
    ],
)
def test_text_when_cleaned_then_the_merchant_is_left(printed, merchant):
    assert clean(printed) == merchant


@pytest.mark.parametrize("tail", ["", " #0042", " 11/03", " XX4411", " 0042 DENVER CO", " REF 88123A"])
def test_merchant_when_printed_in_other_ways_then_it_comes_out_equal(tail):
    assert clean(f"HOLLY & OAK BAKERY{tail}") == "HOLLY & OAK BAKERY"


@given(st.text(max_size=400))
@settings(max_examples=effort(300))
def test_text_when_it_is_anything_then_it_is_cleaned_to_one_line_of_capitals(printed):
    cleaned = clean(printed)
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned
    assert cleaned == cleaned.upper()
