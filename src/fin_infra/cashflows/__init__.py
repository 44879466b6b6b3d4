"""What flows of money are worth: rates of return, annuities, loans, day counts and bonds.
Floor 1: pure functions; `pyxirr` loads when a rate is first looked for, and nothing here calls anybody.

Rates, present values and bond prices are mathematics and floats. What a person pays, the installments of a schedule, is
`Money`: Decimal, in whole cents. Money in is positive and money out negative, as everywhere in fin-infra.
"""

from fin_infra.cashflows.annuities import cumipmt, cumprinc, fv, ipmt, nper, pmt, ppmt, pv, rate
from fin_infra.cashflows.bonds import Bond
from fin_infra.cashflows.daycounts import DayCount, days_between, year_fraction
from fin_infra.cashflows.periodic import irr, irr_all, mirr, npv
from fin_infra.cashflows.rates import Term, apr, effective_rate, level_terms, nominal_rate
from fin_infra.cashflows.scheduled import xirr, xirr_all, xnpv
from fin_infra.cashflows.schedules import Installment, Loan, Schedule, amortize

__all__ = [
    "Bond",
    "DayCount",
    "Installment",
    "Loan",
    "Schedule",
    "Term",
    "amortize",
    "apr",
    "cumipmt",
    "cumprinc",
    "days_between",
    "effective_rate",
    "fv",
    "ipmt",
    "irr",
    "irr_all",
    "level_terms",
    "mirr",
    "nominal_rate",
    "nper",
    "npv",
    "pmt",
    "ppmt",
    "pv",
    "rate",
    "xirr",
    "xirr_all",
    "xnpv",
    "year_fraction",
]
